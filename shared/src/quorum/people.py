"""What a person is called: one rule for the names that a site gives its readers, wherever a name comes in.

A `Person` is always in canonical form, since it is made of what was sent by that rule alone. So whatever is compared (a
fingerprint, a list in the policy) is compared in that form.
"""

import re
import unicodedata

from quorum.characters import SELECTORS, refusal
from quorum.errors import InvalidName

MAX_NAME_BYTES = 2048  # of UTF-8, as it is sent

# Space_Separator (Unicode 16, PropList.txt: White_Space without controls), and a Braille pattern without dots.
_BLANKS = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000\u2800"
_SELECTORS = re.compile(SELECTORS)


class Person:
    """Somebody whom the site names; two are the same when their canonical names are.

    `name` is NFC without blanks at either end, and without variation selectors, which say how a character is drawn.
    With `fold_case` it is folded, too (Unicode, section 3.13, D145: canonical caseless matching).
    """

    __slots__ = ("_exact", "_fold_case", "_sent", "name")

    def __init__(self, sent: str, *, fold_case: bool = False) -> None:
        """Make a person of a name in any spelling. Raises InvalidName, which says what to mend."""
        self._sent, self._fold_case = sent, fold_case
        self._exact = _exact(sent)
        self.name = folded(self._exact) if fold_case else self._exact

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Person) and self.name == other.name

    def __hash__(self) -> int:
        return hash(self.name)

    def __repr__(self) -> str:
        return f"Person({self.name!r})"

    @property
    def earlier(self) -> tuple[str, ...]:
        """Other texts under which this person may be kept: releases before this rule took a name as it was sent."""
        if self._sent == self.name and self.name.isascii():
            return ()
        return self._others(self._sent, self._exact, _decomposed(self._exact), _decomposed(self.name))

    @property
    def spellings(self) -> tuple[str, ...]:
        """As `earlier`, and where case is folded the usual ways to write the name: for what must miss nothing."""
        if not self._fold_case:
            return self.earlier
        exact = self._exact
        cases = [exact, self.name, exact.lower(), exact.upper(), exact.title(), self.name.title(), exact.capitalize()]
        return self._others(self._sent, *cases, *map(_decomposed, cases))

    def _others(self, *texts: str) -> tuple[str, ...]:
        return tuple(text for text in dict.fromkeys(texts) if text != self.name)


def _exact(sent: str) -> str:
    """Return the canonical form with the case as it is. Raises InvalidName."""
    refused = refusal(sent)
    if refused:
        raise InvalidName(refused)
    if len(sent) > MAX_NAME_BYTES // 4 and len(sent.encode()) > MAX_NAME_BYTES:
        raise InvalidName(f"must be at most {MAX_NAME_BYTES} bytes of UTF-8, not {len(sent.encode())}")
    name = sent if sent.isascii() else unicodedata.normalize("NFC", _SELECTORS.sub("", sent))
    name = name.strip(_BLANKS)
    if not name:
        raise InvalidName("must not be blank; give the name or number by which the site knows this person")
    return name


def folded(name: str) -> str:
    """Return a name without its case, NFC."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFC", _decomposed(name).casefold())


def _decomposed(name: str) -> str:
    return unicodedata.normalize("NFD", name)
