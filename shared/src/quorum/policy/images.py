"""`[[images]]`: rules for some images, brought into the same form as the ids that they are compared with."""

import unicodedata

from quorum.errors import InvalidImageId
from quorum.images.image import parse_image
from quorum.images.urls import KEEP_ALL, UrlRules
from quorum.images.urls.address import is_web_address

_MORE = "zqzq"  # stands for what follows a beginning, in no way special in any part of a URL
_DEEPER = f"{_MORE}/7/{_MORE}.jpg"


def canonical_match(match: str, rules: UrlRules) -> str:
    """Return an id, or the beginning of ids and `*`, as it stands in canonical ids.

    Raises ValueError, which says why no image could ever match.
    """
    if "*" in match[:-1]:
        raise ValueError("may have a * at its end only")
    try:
        if not match.endswith("*"):
            return parse_image(match, rules).id
        return _beginning(match[:-1], rules) + "*"
    except InvalidImageId as error:
        raise ValueError(f"can never match: it {error}") from error


def _beginning(stem: str, rules: UrlRules) -> str:
    if not is_web_address(stem):
        return parse_image(stem + _MORE, KEEP_ALL).id.removesuffix(_MORE) if stem else ""
    host = stem.partition("://")[2]
    if not any(mark in host for mark in "/?#"):
        return _beginning_of_host(host)
    if "#" in stem:
        raise ValueError("can never match: an image's URL has lost its #fragment")
    found = parse_image(stem + _MORE, UrlRules(rules.keep, rules.drop)).id
    if not found.endswith(_MORE):
        raise ValueError(
            f"can never match: what begins so becomes {_without(found)} by [urls] and the order of parameters"
        )
    beginning = found.removesuffix(_MORE)
    mapped = [parse_image(beginning + more, rules).id for more in (_MORE, _DEEPER)]
    if not any(one.startswith(beginning) for one in mapped):
        raise ValueError(f"can never match: urls.same turns such URLs into {_without(mapped[0])}")
    return beginning


def _beginning_of_host(host: str) -> str:
    if not host.isascii():
        raise ValueError("must name the whole host, and a / after it, where that is not ASCII")
    if "@" in host or "\\" in host or any(one.isspace() for one in host):
        raise ValueError("can never match: an image's URL has no user name, backslash or space")
    return f"https://{unicodedata.normalize('NFC', host).lower()}"


def _without(found: str) -> str:
    return found.replace(_MORE, "...")
