"""What one wrong block costs: the smallest crew that brings it about, by how old it is and where it comes from."""

from bisect import bisect_left
from collections.abc import Callable

from quorum.judgement.arrivals.counting import count
from quorum.judgement.records import Book, Report, Tally
from quorum.policy.accuracy import Standing
from quorum.policy.model import MAX_REPORTERS_STORED, Policy
from quorum.simulation.attacks.crews import (
    Person,
    Place,
    accounts,
    anonymous,
    everywhere,
    one_address,
    one_near,
    one_wide,
)
from quorum.simulation.attacks.stories import DAY_MS, GOOD, images
from quorum.simulation.attacks.world import START_MS, easiest_reason
from quorum.tally.model import TallyModel

Makes = Callable[[Book, Place, int], Person]  # somebody from a place, by their number


def _of_age(days: float) -> Makes:
    since_ms = START_MS - round(days * DAY_MS)
    return lambda _, place, number: accounts("crew", 1, place, since_ms=since_ms, first=number)[0]


def _known(book: Book, place: Place, number: int) -> Person:
    """Return somebody whose ten reports were all upheld."""
    person = accounts("crew", 1, place, first=number)[0]
    book.standings[person.fingerprint] = Standing(upheld=10)
    return person


KINDS: dict[str, Makes] = {
    "accounts of an hour": _of_age(1 / 24),
    "accounts of a day": _of_age(1),
    "accounts of three days": _of_age(3),
    "accounts of a week": _of_age(7),
    "accounts whose ten reports were upheld": _known,
    "accounts whose age is not told": lambda _, place, number: accounts("crew", 1, place, first=number)[0],
    "anonymous readers": lambda _, place, number: anonymous(1, place, first=number)[0],
}
PLACES: dict[str, Place] = {
    "each a /16 of their own": everywhere,
    "one /16": one_wide,
    "one /24": one_near,
    "one address": one_address,
}


def prices(policy: Policy) -> dict[str, list[int | None]]:
    """Return the least crew of each kind for each place; where none does, none does in a place within it."""
    found: dict[str, list[int | None]] = {}
    for kind, makes in KINDS.items():
        row: list[int | None] = []
        for place in PLACES.values():
            row.append(least_crew(policy, makes, place) if None not in row else None)
        found[kind] = row
    return found


def least_crew(policy: Policy, makes: Makes, place: Place) -> int | None:
    """Return how many people it takes, none when as many as a tally keeps do not suffice.

    Who blocks an image, blocks it with more of their kind, too (`tests/integration/tally/test_invariants.py`).
    """
    sizes = range(1, MAX_REPORTERS_STORED + 1)
    found = bisect_left(sizes, True, key=lambda size: _blocks(policy, makes, place, size))
    return sizes[found] if found < len(sizes) else None


def _blocks(policy: Policy, makes: Makes, place: Place, size: int) -> bool:
    """Tell whether a crew of a size has an image blocked. Only the last report is judged, which is much quicker."""
    model, [image] = TallyModel(policy), images(GOOD, 1)
    tally = model.tallies.setdefault(image.digest, Tally())
    crew = [makes(model, place, number).at(START_MS) for number in range(size)]
    reports = [Report(image, reporter, easiest_reason(policy), START_MS) for reporter in crew]
    for report in reports[:-1]:
        count(model, report, tally)
    model.apply(reports[-1])
    return tally.state.is_blocked
