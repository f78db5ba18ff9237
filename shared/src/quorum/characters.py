"""Which characters may stand in a name that people and machines compare: those that can be seen.

What is refused is told by properties of Unicode that do not change with its versions, so that a character which this
Python does not know yet (an emoji of next year) passes. Sources: Unicode 16, DerivedCoreProperties.txt
(Default_Ignorable_Code_Point), PropList.txt (Bidi_Control, Noncharacter_Code_Point, Variation_Selector).
"""

import re
import unicodedata

# Default_Ignorable_Code_Point, with the room that Unicode keeps for more of them; and interlinear annotations.
_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17)
)
_PRIVATE = "\ue000-\uf8ff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
_REFUSED = (
    ("a control character", re.compile(r"[\x00-\x1f\x7f-\x9f]")),
    ("a lone surrogate", re.compile("[\ud800-\udfff]")),
    ("a noncharacter", re.compile(f"[{_NONCHARACTERS}]")),
    ("a private-use character", re.compile(f"[{_PRIVATE}]")),
    ("a line or paragraph separator", re.compile("[\u2028\u2029]")),
    ("a replacement character, where something was lost,", re.compile("\ufffd")),
    ("an invisible or bidirectional formatting character", re.compile(f"[{_HIDDEN}]")),
)
_ANY = re.compile("|".join(pattern.pattern for _, pattern in _REFUSED))

_JOINERS = "\u200c\u200d"
SELECTORS = "[\u180b-\u180d\u180f\ufe00-\ufe0f\U000e0100-\U000e01ef]"  # Variation_Selector
_SELECTORS = re.compile(SELECTORS)
_FLAG = re.compile("\U0001f3f4[\U000e0020-\U000e007e]{1,30}\U000e007f")  # of a region: a black flag and tags
_KEYCAP = re.compile("[0-9#*]\ufe0f\u20e3")
# Letters without case (joiners do nothing between others), marks, symbols, and what this Python does not know yet.
_JOINED = {"Lo", "Lm", "Mn", "Mc", "So", "Cn"}
_EMOJI = range(0x1F000, 0x20000)
# Emoji that are punctuation or signs of mathematics: phones send a variation selector after them, too.
_OTHER_EMOJI = frozenset("\u203c\u2049\u2194\u25fb\u25fc\u25fd\u25fe\u2934\u2935\u3030")


def refused_character(text: str) -> tuple[int, str] | None:
    """Return where the first character stands that may not be in a name, and what it is; None when all may.

    Kept where they mean something are the joiners ZWJ and ZWNJ between letters or emoji, variation selectors after
    those, and the tags of a region's flag.
    """
    if text.isascii() and text.isprintable():
        return None
    if _ANY.search(text) is None:
        return None
    seen = _KEYCAP.sub("###", _FLAG.sub(lambda flag: "#" * len(flag[0]), text))
    for found in _ANY.finditer(seen):
        at = found.start()
        if not _means_something(seen, at):
            return at, next(what for what, pattern in _REFUSED if pattern.match(seen, at))
    return None


def refusal(text: str) -> str | None:
    """Return what to say of a name with a character that is refused, for people who are to mend it.

    It is looked at as it was sent and as it is kept (NFC), where a joiner may stand beside other characters.
    """
    for form in (text,) if text.isascii() else (text, unicodedata.normalize("NFC", text)):
        refused = refused_character(form)
        if refused:
            at, what = refused
            return f"holds {what} (U+{ord(form[at]):04X}) at position {at}; remove it"
    return None


def _means_something(text: str, at: int) -> bool:
    character = text[at]
    before = at > 0 and _joins(text[at - 1])
    if character in _JOINERS:
        return before and at + 1 < len(text) and _joins(text[at + 1])
    return before and _SELECTORS.match(character) is not None and not _SELECTORS.match(text[at - 1])


def _joins(character: str) -> bool:
    if character in _JOINERS or (_ANY.match(character) and not _SELECTORS.match(character)):
        return False
    if character in _OTHER_EMOJI:
        return True
    return ord(character) in _EMOJI or unicodedata.category(character) in _JOINED
