"""What a moderator should look at first: severity x speed x reach, all from what was reported, so that it stands still.

severity   the mean, over its reporters, of the weight of the reason that they gave, times by how much the bar of that
           reason is lower than the general one, where it has a bar of its own
speed      reporters an hour, from the first report to the last; less than an hour counts as one
reach      1 + log10(1 + views), where the site tells how often the image was seen, else 1
"""

import math
from collections.abc import Sequence

from quorum.policy.model import Policy
from quorum.tally.codec import StoredRow

HOUR_MS = 3_600_000


def priority(rows: Sequence[StoredRow], views: int, policy: Policy) -> float:
    """Return what an image with these reports comes to, rounded to thousandths; 0 without any."""
    if not rows:
        return 0.0
    severities = severities_of(policy)
    severity = sum(severities.get(row.reason_code, 1.0) for row in rows) / len(rows)
    times = [row.received_ms for row in rows]
    speed = len(rows) / max((max(times) - min(times)) / HOUR_MS, 1)
    return round(severity * speed * (1 + math.log10(1 + views)), 3)


def severities_of(policy: Policy) -> dict[int, float]:
    """Return how severe each reason of a policy is, by its code."""
    return {
        reason.code: reason.weight * (policy.threshold / reason.bar.threshold if reason.bar else 1)
        for reason in policy.reasons
    }
