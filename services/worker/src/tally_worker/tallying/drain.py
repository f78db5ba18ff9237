"""Empties an inbox, and stays a moment for what comes next, so that a burst costs one Celery message."""

import time
from collections.abc import Callable

from quorum.policy.file import PolicyFile
from quorum.tally.drain import PartitionTally

LINGER_SECONDS = 0.004  # about one Celery round trip: whoever reports now is not served later than by a new doorbell
TURN_SECONDS = 10.0  # then others get the worker; far below the task's time limit


def drain_until_silent(
    tally: PartitionTally,
    policies: PolicyFile,
    *,
    turn_seconds: float = TURN_SECONDS,
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Tally until the inbox is found empty, which silences the doorbell; False when the turn ended before that."""
    deadline = clock() + turn_seconds
    while clock() < deadline:
        drained = tally.drain(policies.current)
        if not drained.taken:
            return True
        if not drained.left:
            sleep(LINGER_SECONDS)
    return False
