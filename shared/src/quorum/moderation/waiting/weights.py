"""How the weight of an image's reporters is made up: numbers only, never who they are or where they report from."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from quorum.judgement.records import Book, Row, Tally
from quorum.judgement.weighing import Voice, score, voices
from quorum.policy.model import POINT

MOST_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Share:
    """So many reporters, who come to so many points."""

    reporters: int
    points: float


@dataclass(frozen=True, slots=True)
class Weights:
    """The reporters of an image by their class, and by the widest network (/16 or /32) that they share.

    `by_class` adds up what each weighs alone; groups count for what they weigh together, the heaviest MOST_GROUPS of
    them, and `other_groups` is the rest of them as one. `no_network` are those of whom no network is known.
    """

    by_class: Mapping[str, Share]
    groups: tuple[Share, ...]
    other_groups: Share
    no_network: Share


def weights_of(rows: Mapping[bytes, Row], book: Book, at_ms: int) -> Weights:
    """Return how rows weigh at a time, by the policy and the standings in `book`."""
    people = voices(book, Tally(rows=dict(rows)), at_ms)
    counted = Counter(row.reporter_class for row in rows.values())
    points: Counter[str] = Counter()
    for one in people:
        points[one.row.reporter_class] += one.weight
    groups = defaultdict[int, list[Voice]](list)
    for one in people:
        groups[one.row.networks.wide].append(one)
    alone = groups.pop(0, [])
    shares = sorted((_share(members) for members in groups.values()), key=lambda one: (-one.points, -one.reporters))
    others = shares[MOST_GROUPS:]
    return Weights(
        {name: Share(count, points[name] / POINT) for name, count in counted.items()},
        tuple(shares[:MOST_GROUPS]),
        Share(sum(one.reporters for one in others), round(sum(one.points for one in others), 3)),
        _share(alone),
    )


def _share(members: list[Voice]) -> Share:
    return Share(len(members), score(members) / POINT)
