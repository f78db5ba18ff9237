"""Why images wait for a moderator. Twin: waiting.lua, which keeps it beside the set of what waits."""

from enum import StrEnum


class Cause(StrEnum):
    """Why an image waits."""

    PROTECTED = "protected"  # the policy never blocks it without a moderator
    SHIELDS = "shields"  # crossed the bar while the shields were up, and not theirs
    BUDGET = "budget"  # crossed it with people who have carried enough blocks for a day
    WARNED = "warned"  # crossed it with people who are warned only
    CONTESTED = "contested"  # was cleared, and many have reported it since
    REOPENED = "reopened"  # was held, cleared, and the clear was taken back
    UNKNOWN = "unknown"  # waited before causes were kept


def read_cause(raw: bytes | None) -> Cause:
    """Return a cause as it is stored; UNKNOWN for none, and for what another release wrote."""
    try:
        return Cause((raw or b"").decode())
    except ValueError:
        return Cause.UNKNOWN


KEPT_CAUSES = tuple(cause for cause in Cause if cause is not Cause.UNKNOWN)
