"""`[[urls.same]]`: URLs of one picture in many sizes and formats, and the one URL that stands for them."""

from dataclasses import dataclass

from quorum.errors import InvalidImageId
from quorum.images.urls.address import is_web_address, parse_address
from quorum.images.urls.templates import ANYTHING, NUMBER, SEGMENT, Template, parse_template

_SAMPLES = {SEGMENT: ("x", "7"), NUMBER: ("7", "70"), ANYTHING: ("x/7/y.jpg", "7/7/7")}


@dataclass(frozen=True, slots=True)
class SameRule:
    """A pattern and what it maps to. The query is not looked at, and stays as it is."""

    match: Template
    to: Template

    def apply(self, url: str) -> str | None:
        """Return the URL (without a query) that stands for `url`; None when the rule is not about it."""
        taken = self.match.match(url)
        return None if taken is None else self.to.fill(taken)

    def samples(self) -> list[str]:
        """Return some URLs that the rule maps to."""
        places = self.match.places.values()
        return [self.to.fill({place.name: _SAMPLES[place.kind][number] for place in places}) for number in (0, 1)]


def parse_same(match: str, to: str) -> SameRule:
    """Return the rule that two patterns make. Raises ValueError, which says what is wrong with it."""
    rule = SameRule(_pattern(match), _pattern(to))
    unknown = set(rule.to.places) - set(rule.match.places)
    if unknown:
        raise ValueError(f"`to` names {{{min(unknown)}}}, which `match` does not have")
    host = rule.to.text.removeprefix("https://").partition("/")[0]
    if "{" in host:
        raise ValueError("`to` must name its host: no place may stand there")
    return rule


def _pattern(text: str) -> Template:
    """Return a pattern whose literal parts are in normal form, as the URLs are that it is compared with."""
    if not is_web_address(text):
        raise ValueError(f"{text!r} must begin with https://")
    if "?" in text or "#" in text:
        raise ValueError(f"{text!r} must have no query; urls.keep_query and urls.drop_query are about that")
    template = parse_template(text)
    # Letters that stay as they are in every part of a URL take the places' place while it is normalised.
    stand_ins = {name: f"zqx{number}zqx" for number, name in enumerate(template.places)}
    if "zqx" in text.lower():
        raise ValueError(f"{text!r} must not hold zqx, which stands for places here")
    try:
        address = parse_address(template.fill(stand_ins))
    except InvalidImageId as error:
        raise ValueError(f"{text!r}: {error}") from error
    normal = f"https://{address.authority}{address.path}"
    for name, place in template.places.items():
        if stand_ins[name] not in normal:
            raise ValueError(f"{text!r} loses {{{name}}} in its normal form, {normal}")
        normal = normal.replace(stand_ins[name], f"{{{name}{place.kind}}}")
    return parse_template(normal)
