"""The sweeper: a thread in every worker that finds what a lost doorbell left behind, and tidies up.

It calls the drain directly, so it goes on when the broker cannot be reached. It needs no leader: two sweepers at once
do no harm.
"""

import logging
import random
from collections.abc import Callable

from quorum.errors import CommandDenied, QuorumError
from quorum.images.image import BUCKETS
from quorum.moderation.appeals.upkeep import AppealsUpkeep
from quorum.moderation.shields import Shields
from quorum.policy.file import PolicyFile
from quorum.retention.expiry import Retention
from quorum.tally.drain import PartitionTally
from quorum.telemetry.health import Health
from quorum.telemetry.history import History
from tally_worker.lasting import Lasting
from tally_worker.observe import PartMetrics, SweepMetrics
from tally_worker.tallying.drain import drain_until_silent

COMPACT_PER_SWEEP = 32  # buckets; one worker passes over all of a partition in about an hour
HURRIED_PER_SWEEP = 2048  # while a policy is new: what it lets cross is found in about a minute
JUDGED_PER_SWEEP = 200  # images that may cross without a report

log = logging.getLogger(__name__)


class Sweeper:
    """Sweeps every partition about every `interval_seconds`, jittered downwards."""

    def __init__(
        self,
        tallies: list[PartitionTally],
        retention: Retention,
        health: Health,
        shields: Shields,
        history: History,
        *,
        appeals: AppealsUpkeep,
        policies: PolicyFile,
        worker: str,
        interval_seconds: float,
        metrics: SweepMetrics,
        parts: PartMetrics,
    ) -> None:
        self._tallies = tallies
        self._retention = retention
        self._health = health
        self._shields = shields
        self._history = history
        self._appeals = appeals
        self._policies = policies
        self._worker = worker
        self._interval = interval_seconds
        self._metrics = metrics
        self._bucket = random.randrange(BUCKETS)  # noqa: S311 - spreads workers, guards nothing
        self._known_policy, self._hurried = "", 0  # buckets that are still to be looked into for a new policy
        self._thread = Lasting("sweeper", self._run, parts)

    def start(self) -> None:
        """Begin sweeping."""
        self._thread.start()

    def stop(self) -> None:
        """Finish the sweep under way and stop."""
        self._thread.stop(self._interval + 1)

    def sweep(self) -> None:
        """Drain every inbox, also when another one cannot be drained. Raises QuorumError or a Redis error."""
        failed = None
        for tally in self._tallies:
            self._thread.turn()
            try:
                drain_until_silent(tally, self._policies)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other partitions do not wait for it
                failed = error
        if failed:
            raise failed

    def tidy(self) -> None:
        """Leave word that this worker lives, end what was kept long enough, forget what left the window, note vitals.

        What frees memory comes first: at maxmemory the rest fails. Where a step is denied, the others are done. Raises
        QuorumError or a Redis error.
        """
        denied = None
        for step in (
            *(self._leave_word, self._end_old, self._settle_appeals, self._compact, self._shields.settle),
            *(self._judge_again, self._history.note),
        ):
            try:
                step()
            except CommandDenied as error:
                denied = error
        if denied:
            raise denied

    def _leave_word(self) -> None:
        self._metrics.clock_offset(self._health.worker_swept(self._worker))

    def _end_old(self) -> None:
        policy = self._policies.current
        ended = self._retention.end(policy.window_seconds)
        if ended.dead:
            log.warning("%d dead letters have left the window, in which alone they could count", ended.dead)

    def _settle_appeals(self) -> None:
        self._appeals.settle(self._policies.current)

    def _compact(self) -> None:
        policy = self._policies.current
        if policy.version != self._known_policy:
            self._known_policy, self._hurried = policy.version, BUCKETS
        buckets = HURRIED_PER_SWEEP if self._hurried > 0 else COMPACT_PER_SWEEP
        for tally in self._tallies:
            for offset in range(buckets):
                tally.compact(policy, (self._bucket + offset) % BUCKETS)
        self._bucket = (self._bucket + buckets) % BUCKETS
        self._hurried -= buckets

    def _judge_again(self) -> None:
        for tally in self._tallies:
            tally.rejudge(self._policies.current, JUDGED_PER_SWEEP)

    def _run(self) -> None:
        while not self._thread.stopping.wait(self._interval * random.uniform(0.5, 1.0)):  # noqa: S311 - jitter
            self._thread.turn()
            if self._tried(self.sweep):
                self._metrics.succeeded()
                self._tried(self.tidy)
            else:
                self._metrics.failed()

    @staticmethod
    def _tried(step: Callable[[], None]) -> bool:
        """Run a step; log why it failed and leave it to the next round."""
        try:
            step()
        except QuorumError as error:
            log.warning("%s failed, the next round tries again: %s", step.__name__, error)
            return False
        except Exception:
            log.exception("%s failed, the next round tries again", step.__name__)
            return False
        return True
