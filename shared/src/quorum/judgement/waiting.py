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


KEPT_CAUSES = tuple(cause for cause in Cause if cause is not Cause.UNKNOWN)
