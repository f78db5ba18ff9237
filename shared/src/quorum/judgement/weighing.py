"""How much people weigh, and how much those who look alike. Twin: weighing.lua."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import isqrt

from quorum.judgement.records import Book, Report, Row, Tally
from quorum.policy.accuracy import accuracy_factor
from quorum.policy.model import POINT
from quorum.reporters.fingerprints import Networks


@dataclass(frozen=True, slots=True)
class Voice:
    """One person of a tally as they weigh now, in thousandths of a point."""

    fingerprint: bytes
    weight: int
    row: Row
    warned: bool = False  # counts for the queue, and not for automatic blocks


def voices(book: Book, tally: Tally, at_ms: int) -> list[Voice]:
    """Return the people of a tally who weigh anything now."""
    found = (_voice(book, fingerprint, row, at_ms) for fingerprint, row in tally.rows.items())
    return [voice for voice in found if voice.weight > 0]


def _voice(book: Book, fingerprint: bytes, row: Row, at_ms: int) -> Voice:
    """Return class x reason x age x accuracy; nothing while they are muted."""
    weight = fact_weight(book, row)
    standing = book.standings.get(fingerprint)
    if standing is None:
        return Voice(fingerprint, weight, row)
    if standing.is_muted(at_ms):
        return Voice(fingerprint, 0, row)
    weight = weight * accuracy_factor(standing, book.policy) // POINT
    return Voice(fingerprint, weight, row, standing.is_warned(at_ms, book.policy))


def weight_of(book: Book, report: Report) -> int:
    """Return what the person who reports weighs now, by any of the fingerprints that they have had."""
    one = report.reporter
    known = next((each for each in (one.fingerprint, *one.previous) if each in book.standings), one.fingerprint)
    row = Row(report.received_ms, report.reason, one.reporter_class, one.age, one.networks)
    return _voice(book, known, row, report.received_ms).weight


def fact_weight(book: Book, row: Row) -> int:
    """Return class x reason x age: a straight line from nothing to all at `people.full_weight_days`."""
    weight = book.policy.weight(row.reporter_class, row.reason)
    full: int = book.caps["full_minutes"]
    return weight * row.age // full if row.age < full else weight


def hopeful(book: Book, tally: Tally) -> int:
    """Return what the people of a tally could weigh at most, whatever becomes known of them."""
    most: int = book.caps["most"]
    return sum(book.policy.weight(row.reporter_class, row.reason) for row in tally.rows.values()) * most // POINT


def score(people: Iterable[Voice]) -> int:
    """Return what people weigh together, in thousandths: the more they look alike, the less each adds.

    Groups are within one another: everybody of one address, then of one /24 (/48), then of one /16 (/32). A group that
    comes to `w` points, more than one, counts as sqrt(w), inside out, and for no less than its heaviest person.
    Sources: L. Penrose, "The Elementary Statistics of Majority Voting" (1946): a bloc that votes as one has the
    influence of the square root of its size; V. Buterin, Z. Hitzig and E. G. Weyl, "A Flexible Design for Funding
    Public Goods" (2019), and "pairwise-bounded" quadratic funding after it: agreement among the like is discounted.
    """
    alone, of_networks = 0, list[tuple[Networks, int]]()
    for one in people:
        if one.row.networks.wide:
            of_networks.append((one.row.networks, one.weight))
        else:
            alone += one.weight
    return alone + sum(value for value, _ in _groups(of_networks, ("wide", "near", "address")))


def _groups(people: list[tuple[Networks, int]], levels: tuple[str, ...]) -> list[tuple[int, int]]:
    """Return what each group of the first level counts for, and its heaviest person."""
    if not levels:
        return [(weight, weight) for _, weight in people]
    groups = defaultdict[int, list[tuple[Networks, int]]](list)
    for networks, weight in people:
        groups[getattr(networks, levels[0])].append((networks, weight))
    return [_together(_groups(members, levels[1:])) for members in groups.values()]


def _together(members: list[tuple[int, int]]) -> tuple[int, int]:
    """Return what the members of a group count for. Thousandths are whole, so that the order does not matter."""
    whole, heaviest = sum(value for value, _ in members), max(person for _, person in members)
    return (max(heaviest, isqrt(whole * POINT)) if whole > POINT else whole), heaviest
