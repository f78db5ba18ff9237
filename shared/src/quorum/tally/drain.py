"""Tallies what lies in the inbox, and forgets what is over."""

import json
from dataclasses import dataclass

from redis import Redis

from quorum.policy.model import Policy
from quorum.store.connection import translated_errors
from quorum.store.keys import Keys
from quorum.store.scripts import Script

BATCH = 500  # reports in one script call: about 3 ms of Redis, far below the 20 ms that would be felt
JOURNAL_REPORTS = 100_000  # kept in each partition for simulations and exports, about 10 MB
DRAIN = (
    "judgement/records",
    "images/pictures",
    "tally/batch",
    "judgement/announcing",
    "judgement/copies",
    "judgement/shields",
    "judgement/counting",
    "judgement/verdict",
    "tally/drain",
)
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


class PartitionTally:
    """The tallies of one of `partitions` partitions."""

    def __init__(self, client: Redis, keys: Keys, partitions: int = 1, journal_reports: int = JOURNAL_REPORTS) -> None:
        self._client = client
        self._keys = keys
        self._partitions = partitions
        self._journal_reports = journal_reports
        self._numbers: tuple[Policy | None, str] = (None, "")
        self._drain = Script(*DRAIN)
        self._compact = Script("judgement/records", "images/pictures", "tally/compact")

    def drain(self, policy: Policy, limit: int = BATCH) -> Drained:
        """Tally the oldest `limit` reports. Taking none silences the doorbell. Raises StoreUnavailable."""
        keys = self._keys
        names = (
            *(keys.inbox, keys.bell, keys.images, keys.reporters, keys.copies, keys.aliases, keys.views),
            *(keys.blocked, keys.held, keys.events, keys.dead, keys.stats, keys.shields, keys.journal),
            *(keys.bands, keys.hashes),
        )
        with translated_errors():
            return Drained(*self._drain(self._client, names, (limit, self._numbers_of(policy), self._journal_reports)))

    def compact(self, policy: Policy, bucket: int) -> int:
        """Forget what is over in one bucket; return how many images were forgotten."""
        keys = self._keys
        names = tuple(f"{prefix}{bucket}" for prefix in (keys.images, keys.copies, keys.views, keys.reporters))
        args = (policy.window_seconds * 1000, STANDING_DAYS * 1440)
        with translated_errors():
            return int(self._compact(self._client, (*names, keys.aliases, keys.bands, keys.hashes), args))

    def _numbers_of(self, policy: Policy) -> str:
        known, numbers = self._numbers
        if known is not policy:
            numbers = json.dumps({"version": policy.version, **policy.numbers(self._partitions)}, separators=(",", ":"))
            self._numbers = (policy, numbers)
        return numbers
