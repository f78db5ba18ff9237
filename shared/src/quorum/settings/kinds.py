"""The kinds of values that settings have: what each accepts, and what it wants instead of anything else.

They are fields of marshmallow, so that a schema reads all settings at once and gathers every error. A value comes here
trimmed and not empty.
"""

import re
import unicodedata
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from marshmallow import ValidationError, fields

from quorum.network.addresses import Network, parse_network
from quorum.network.endpoint import EXAMPLES, SCHEMES, MalformedUrlError, parse_url

MIN_SECRET_CHARACTERS = 16
MAX_SECRET_CHARACTERS = 4096
_SHOWN_CHARACTERS = 60  # of a bad value
_TRUE, _FALSE = ("true", "1", "yes", "on"), ("false", "0", "no", "off")
_QUOTES = ('""', "''", "``", "\u201c\u201d", "\u2018\u2019")  # the last are those of word processors


class Kind(fields.Field[Any]):
    """One kind: `parse` returns the value that a text stands for, or raises ValueError; `wanted` is what to give."""

    wanted = "a text"
    unit = ""
    secret = False  # may hold a secret: no message shows the value, and NAME_FILE may name a file with it
    one_line = True  # holds no control characters

    def parse(self, text: str) -> Any:
        """Return the value. A ValueError with a text says what is wrong instead of showing the value."""
        return text

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002 - marshmallow's
        try:
            _check_characters(value, one_line=self.one_line)
            return self.parse(value)
        except _WrongError as error:
            raise ValidationError(str(error)) from error
        except ValueError as error:
            shown = "" if self.secret else f", not {_shown(value)}"
            raise ValidationError(f"must be {self.wanted}{shown}") from error


class _WrongError(ValueError):
    """What is wrong with a value, in words that do not show it."""


def _check_characters(text: str, *, one_line: bool) -> None:
    """Refuse what no setting holds on purpose, and what came along when it was copied."""
    if any(unicodedata.category(letter) == "Cs" for letter in text):
        raise _WrongError("is not UTF-8: write it in UTF-8")
    if one_line and any(unicodedata.category(letter) == "Cc" for letter in text):
        raise _WrongError("has a line break or another control character in it: give it as one line")
    if len(text) > 1 and text[0] + text[-1] in _QUOTES:
        raise _WrongError("has quotes around it: give it without them")


def _shown(text: str) -> str:
    return repr(text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "...")


class Whole(Kind):
    """A whole number between bounds."""

    def __init__(self, low: int, high: int, unit: str = "") -> None:
        super().__init__()
        self.low, self.high, self.unit = low, high, unit
        of_unit = f" of {unit}" if unit else ""
        self.wanted = f"a whole number{of_unit} from {low} to {high}"

    def parse(self, text: str) -> int:
        """Return the number; plain digits only."""
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(self.high))):
            raise ValueError
        number = int(text)
        if not self.low <= number <= self.high:
            raise ValueError
        return number


class Flag(Kind):
    """True or false."""

    wanted = f"{_TRUE[0]} or {_FALSE[0]} (or {', '.join(_TRUE[1:] + _FALSE[1:])})"

    def parse(self, text: str) -> bool:
        """Return what the word says, in any case."""
        if text.lower() not in _TRUE + _FALSE:
            raise ValueError
        return text.lower() in _TRUE


class Choice(Kind):
    """One of a few words."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self.words = words
        self.wanted = f"one of {', '.join(words)}"

    def parse(self, text: str) -> str:
        """Return the word, given in any case."""
        if text.lower() not in self.words:
            raise ValueError
        return text.lower()


class Text(Kind):
    """A text of a pattern."""

    def __init__(self, pattern: str, wanted: str) -> None:
        super().__init__()
        self._pattern = re.compile(pattern)
        self.wanted = wanted

    def parse(self, text: str) -> str:
        """Return the text."""
        if not self._pattern.fullmatch(text):
            raise ValueError
        return text


class File(Kind):
    """The path of a file; whether it is there is for its reader to say."""

    wanted = "the path of a file"
    one_line = False  # a path may hold anything, and `quorum run` says where its own files are

    def parse(self, text: str) -> Path:
        """Return the path."""
        if "\0" in text:
            raise ValueError
        return Path(text)


class Items(Kind):
    """Several values, separated by commas; spaces do not matter."""

    def __init__(self, parse_item: Callable[[str], Any], what: str, example: str) -> None:
        super().__init__()
        self._parse_item = parse_item
        self.example = example
        self.wanted = f"{what} such as {example}, separated by commas"

    def parse(self, text: str) -> tuple[Any, ...]:
        """Return the values; an error shows the first that is none."""
        return tuple(self._item(item.strip()) for item in text.split(",") if item.strip())

    def _item(self, item: str) -> Any:
        try:
            return self._parse_item(item)
        except _WrongError:
            raise
        except ValueError as error:
            raise _WrongError(f"must be {self.wanted}, and {_shown(item)} is none") from error


def matching(pattern: str) -> Callable[[str], str]:
    """Return a parser of items that have a pattern, in small letters."""
    compiled = re.compile(pattern)

    def parse(item: str) -> str:
        if not compiled.fullmatch(item.lower()):
            raise ValueError(item)
        return item.lower()

    return parse


def network(item: str) -> Network:
    """Return a network; bits beyond the prefix must be 0, or it is not clear which one is meant."""
    near = ip_network(item, strict=False)
    if near.network_address != ip_address(item.partition("/")[0]):
        raise _WrongError(f"has {_shown(item)}, with bits beyond its prefix: give {near}, or the address alone")
    try:
        return parse_network(item)
    except ValueError as error:
        raise _WrongError(f"cannot be used: {error}") from error


class Secret(Kind):
    """A secret of some length. `in_header`: a caller sends it in a header, which carries ASCII alone.

    `least_bytes` is what an algorithm wants beyond the least of all.
    """

    secret = True

    def __init__(self, *, in_header: bool = False, least_bytes: int = 0) -> None:
        super().__init__()
        self._in_header = in_header
        self._least_bytes = least_bytes
        self.wanted = f"a secret of {MIN_SECRET_CHARACTERS} to {MAX_SECRET_CHARACTERS} characters"

    def parse(self, text: str) -> str:
        """Return the secret."""
        if len(text) < MIN_SECRET_CHARACTERS:
            raise _WrongError(f"must have at least {MIN_SECRET_CHARACTERS} characters")
        if len(text.encode()) < self._least_bytes:
            raise _WrongError(
                f"must have at least {self._least_bytes} bytes: make another, `openssl rand -hex {self._least_bytes}`, "
                "and give it to whoever signs with it"
            )
        if len(text) > MAX_SECRET_CHARACTERS:
            raise _WrongError(f"must have at most {MAX_SECRET_CHARACTERS} characters")
        if self._in_header and not text.isascii():
            raise _WrongError("must be made of ASCII letters, digits and signs: it is sent in a header")
        return text


class Password(Kind):
    """A password that others have made, of any length."""

    secret = True
    wanted = f"a password of at most {MAX_SECRET_CHARACTERS} characters"

    def parse(self, text: str) -> str:
        """Return the password."""
        if len(text) > MAX_SECRET_CHARACTERS:
            raise ValueError
        return text


class Proxy(Kind):
    """The URL of an HTTP proxy."""

    secret = True
    example = "http://proxy:3128"
    wanted = f"the URL of a proxy such as {example}"

    def parse(self, text: str) -> str:
        """Return the URL."""
        found = urlsplit(text)
        if found.scheme not in ("http", "https") or not found.hostname or not found.port:
            raise _WrongError(f"must be {self.wanted}, with its port")
        if found.path.strip("/") or found.query or found.fragment or not text.isprintable() or " " in text:
            raise _WrongError(f"must be {self.wanted}, and nothing behind the port")
        return text


class Url(Kind):
    """The address of a server, with its password perhaps."""

    secret = True

    def __init__(self, *kinds: str) -> None:
        super().__init__()
        self._kinds = kinds
        self.example = EXAMPLES[kinds[0]]
        self.wanted = f"a URL such as {self.example}"

    def parse(self, text: str) -> str:
        """Return the URL as it was given, which `read_endpoint` can read."""
        try:
            found = parse_url(text)
        except MalformedUrlError as error:
            raise _WrongError(str(error)) from error
        if found.kind not in self._kinds:
            schemes = [scheme for scheme, (kind, _) in SCHEMES.items() if kind in self._kinds]
            raise _WrongError(f"must be {self.wanted}, and its scheme is not one of {', '.join(schemes)}")
        return text


USERNAME = Text(r"[\x21-\x7e]{1,200}", "1 to 200 ASCII characters without spaces")
