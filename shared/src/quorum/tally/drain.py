"""Tallies what lies in the inbox, and forgets what is over."""

import json
from dataclasses import dataclass

from redis import Redis

from quorum.policy.model import POINT, Policy
from quorum.store.cluster import time_ms
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys
from quorum.store.scripts import Script

BATCH = 500  # reports in one script call: about 3 ms of Redis, far below the 20 ms that would be felt
JOURNAL_REPORTS = 100_000  # kept in each partition for simulations and exports, about 10 MB
_PARTS = (
    "judgement/records",
    "images/pictures",
    "tally/batch",
    "judgement/arrivals/copies",
    "judgement/stories",
    "judgement/figures/days",
    "judgement/announcing",
    "judgement/caps/shields",
    "judgement/weighing",
    "judgement/caps/budgets",
    "judgement/arrivals/counting",
    "judgement/verdict",
    "judgement/arrivals/acts",
    "judgement/waiting",
    "tally/writing",
)
DRAIN = (*_PARTS, "tally/drain")
REJUDGE = (*_PARTS, "tally/rejudge")
STANDING_DAYS = 365  # how long it is known what was decided of a person's reports


@dataclass(frozen=True, slots=True)
class Drained:
    """What one call of `drain` did, in reports, but for `blocked` and `held`: images."""

    taken: int
    left: int
    counted: int
    blocked: int
    held: int
    dead: int


@dataclass(frozen=True, slots=True)
class Rejudged:
    """What one call of `rejudge` did, in images."""

    judged: int
    blocked: int
    held: int
    released: int


class PartitionTally:
    """The tallies of one of `partitions` partitions."""

    def __init__(self, client: Redis, keys: Keys, partitions: int = 1, journal_reports: int = JOURNAL_REPORTS) -> None:
        self._client = client
        self._keys = keys
        self._partitions = partitions
        self._journal_reports = journal_reports
        self._numbers: tuple[Policy | None, str] = (None, "")
        self._drain = Script(*DRAIN)
        self._rejudge = Script(*REJUDGE)
        self._compact = Script("judgement/records", "images/pictures", "judgement/stories", "tally/compact")

    def drain(self, policy: Policy, limit: int = BATCH) -> Drained:
        """Tally the oldest `limit` reports. Taking none silences the doorbell. Raises StoreUnavailable."""
        args = (self._numbers_of(policy), limit, self._journal_reports)
        with translated_errors():
            return Drained(*self._drain(self._client, self._names(), args))

    def rejudge(self, policy: Policy, limit: int = BATCH, now_ms: int | None = None) -> Rejudged:
        """Judge again what may cross without a report, those first that wait longest. Raises StoreUnavailable."""
        with translated_errors():
            now = time_ms(self._client, self._keys.meta) if now_ms is None else now_ms
            return Rejudged(*self._rejudge(self._client, self._names(), (self._numbers_of(policy), limit, now)))

    def compact(self, policy: Policy, bucket: int) -> int:
        """Forget what is over in one bucket; return how many images were forgotten."""
        keys = self._keys
        buckets = (keys.images, keys.copies, keys.views, keys.reporters, keys.budgets, keys.decided, keys.stories)
        names = tuple(f"{prefix}{bucket}" for prefix in buckets)
        numbers = policy.numbers(self._partitions)
        heaviest = max(max(*weights.values(), 0) for weights in numbers["weights"]) * numbers["most"] // POINT
        args = (policy.window_seconds * 1000, STANDING_DAYS * 1440, heaviest, numbers["lowest"], bucket)
        with translated_errors():
            return int(self._compact(self._client, (*names, keys.aliases, keys.bands, keys.hashes, keys.pending), args))

    def _names(self) -> tuple[str, ...]:
        keys = self._keys
        return (
            *(keys.inbox, keys.bell, keys.images, keys.reporters, keys.copies, keys.aliases, keys.views),
            *(keys.blocked, keys.held, keys.events, keys.dead, keys.stats, keys.shields, keys.journal),
            *(keys.bands, keys.hashes, keys.budgets, keys.recent, keys.pending, keys.causes, keys.stories),
            keys.days,
        )

    def _numbers_of(self, policy: Policy) -> str:
        known, numbers = self._numbers
        if known is not policy:
            numbers = json.dumps({"version": policy.version, **policy.numbers(self._partitions)}, separators=(",", ":"))
            self._numbers = (policy, numbers)
        return numbers
