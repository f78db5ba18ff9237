"""What a policy says of URLs, as a value: which parameters tell pictures apart, which URLs are the same picture."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b
from json import dumps
from typing import Any

from quorum.errors import InvalidImageId
from quorum.images.urls.address import WebAddress, is_web_address, parse_address
from quorum.images.urls.query import canonical_query, is_tracker
from quorum.images.urls.same import SameRule, parse_same

RULES_HEADER = "Quorum-Url-Rules"  # of answers: the version of the rules that hold
FORMAT = 1  # of the document that clients are given
MAX_ROUNDS = 8  # a rule's result may be another's case so often
EVERYWHERE = "*"


@dataclass(frozen=True, slots=True)
class Where:
    """Some URLs: of a host (`example.org`, `*.example.org` for those below it, `*` for any) and a path (`/a/*`)."""

    host: str
    path: str

    def covers(self, address: WebAddress) -> bool:
        """Tell whether a URL is one of them."""
        if self.host.startswith("*"):
            right_host = address.authority.endswith(self.host[1:])
        else:
            right_host = address.authority == self.host
        if not right_host:
            return False
        return address.path.startswith(self.path[:-1]) if self.path.endswith("*") else address.path == self.path

    def __str__(self) -> str:
        return EVERYWHERE if (self.host, self.path) == ("*", "/*") else f"{self.host}{self.path}"

    @property
    def rank(self) -> tuple[bool, int, bool, int]:
        """Sorts the more particular before the less."""
        return self.host.startswith("*"), -len(self.host), self.path.endswith("*"), -len(self.path)


def parse_where(text: str) -> Where:
    """Return the URLs that `host/path` names; a star may end it, or stand for hosts at its beginning.

    Raises ValueError, which says what is wrong with it.
    """
    if text == EVERYWHERE:
        return Where("*", "/*")
    bare = text.partition("://")[2] if is_web_address(text) else text
    host, slash, path = bare.partition("/")
    wide = host.startswith("*.")
    stem, star = (path.removesuffix("*"), path.endswith("*")) if slash else ("", True)
    if "*" in stem or "*" in host.removeprefix("*.") or "?" in path or "#" in path:
        raise ValueError("must be host/path, with a * at the end, or *. before the host, or alone")
    try:
        address = parse_address(f"https://{host.removeprefix('*.')}/{stem}{'zq' if star else ''}")
    except InvalidImageId as error:
        raise ValueError(str(error)) from error
    found = address.path.removesuffix("zq") + "*" if star else address.path
    return Where(f"*.{address.authority}" if wide else address.authority, found)


@dataclass(frozen=True, slots=True)
class QueryRule:
    """Names of parameters, for some URLs."""

    where: Where
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class Explained:
    """A URL's canonical form, and what made it, step by step."""

    url: str
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class UrlRules:
    """The rules of a policy about URLs; the most particular `keep` counts, and every `drop`.

    Without any, all parameters are kept but for known trackers. The result is its own canonical form.
    """

    keep: tuple[QueryRule, ...] = ()
    drop: tuple[QueryRule, ...] = ()
    same: tuple[SameRule, ...] = ()

    def canonical(self, text: str) -> str:
        """Return a web address in canonical form, and any other text as it is. Raises InvalidImageId."""
        return self._canonical(text, []) if is_web_address(text) else text

    def explain(self, text: str) -> Explained:
        """Return the canonical form of a web address, and the rules that made it. Raises InvalidImageId."""
        steps: list[str] = []
        return Explained(self._canonical(text, steps), tuple(steps))

    def _canonical(self, text: str, steps: list[str]) -> str:
        for _ in range(MAX_ROUNDS):
            url, query = self._normal(text, steps)
            mapped = self._mapped(url, steps) if self.same else None
            if mapped is None:
                return url + query
            text = mapped + query
        raise InvalidImageId("is a URL that the policy's urls.same rules map on and on; mend the policy")

    def _normal(self, text: str, steps: list[str]) -> tuple[str, str]:
        address = parse_address(text)
        url = f"https://{address.authority}{address.path}"
        if not address.query:
            return url, ""
        keep = next((rule for rule in self.keep if rule.where.covers(address)), None)
        dropped = frozenset(name for rule in self.drop if rule.where.covers(address) for name in rule.names)
        query = canonical_query(address.query, partial(_keeps, keep.names if keep else None, dropped))
        steps += self._told(address, keep)
        return url, query

    def _mapped(self, url: str, steps: list[str]) -> str | None:
        for number, rule in enumerate(self.same):
            mapped = rule.apply(url)
            if mapped is not None and mapped != url:
                steps.append(f"urls.same[{number}]: {rule.match.text} is {rule.to.text}")
                return mapped
        return None

    def _told(self, address: WebAddress, keep: QueryRule | None) -> Iterable[str]:
        if keep:
            yield f"urls.keep_query for {keep.where}: {', '.join(sorted(keep.names)) or 'nothing'}"
        for rule in self.drop:
            if rule.where.covers(address):
                yield f"urls.drop_query for {rule.where}: {', '.join(sorted(rule.names))}"

    def circles(self) -> list[tuple[int, str]]:
        """Return the `same` rules whose results are mapped again, by example: they would take more than they should."""
        found = []
        for number, rule in enumerate(self.same):
            for sample in rule.samples():
                if self._mapped(sample, []) is not None:
                    found.append((number, sample))
                    break
        return found

    def document(self) -> dict[str, Any]:
        """Return the rules as JSON, for clients that compare URLs themselves."""
        return {
            "format": FORMAT,
            "keep_query": [{"where": str(rule.where), "names": sorted(rule.names)} for rule in self.keep],
            "drop_query": [{"where": str(rule.where), "names": sorted(rule.names)} for rule in self.drop],
            "same": [{"match": rule.match.text, "to": rule.to.text} for rule in self.same],
        }

    @property
    def version(self) -> str:
        """Twelve hex digits that name exactly these rules."""
        return blake2b(dumps(self.document(), sort_keys=True).encode(), digest_size=6).hexdigest()


def _keeps(kept: frozenset[str] | None, dropped: frozenset[str], name: str) -> bool:
    if name in dropped:
        return False
    return name in kept if kept is not None else not is_tracker(name)


def query_rules(names: Mapping[str, Iterable[str]]) -> tuple[QueryRule, ...]:
    """Return rules of `host/path` -> names, the most particular first. Raises ValueError."""
    rules = [QueryRule(parse_where(where), frozenset(of)) for where, of in names.items()]
    return tuple(sorted(rules, key=lambda rule: rule.where.rank))


def read_document(document: Any) -> UrlRules:
    """Return the rules that a server states. Raises ValueError when they are none, or of a later format."""
    try:
        if document["format"] != FORMAT:
            raise ValueError(f"the rules have format {document['format']!r}; this client knows {FORMAT}")
        keep, drop = (
            query_rules({str(one["where"]): [str(name) for name in one["names"]] for one in document[key]})
            for key in ("keep_query", "drop_query")
        )
        return UrlRules(keep, drop, tuple(parse_same(str(one["match"]), str(one["to"])) for one in document["same"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"these are no rules for URLs: {error!r}") from error


WITHOUT_QUERY = UrlRules(keep=query_rules({EVERYWHERE: ()}))  # what servers did that state no rules
KEEP_ALL = UrlRules()  # but known trackers
