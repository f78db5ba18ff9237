"""What people inside may do: each role may what the ones before it may."""

from enum import StrEnum


class Role(StrEnum):
    """A role of a person inside, from the one that may least."""

    VIEWER = "viewer"  # look
    MODERATOR = "moderator"  # decide about images
    LEAD = "lead"  # look after moderators' work
    ADMIN = "admin"  # accounts, keys and everything else

    def may(self, needed: "Role") -> bool:
        """Tell whether this role may what `needed` may."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
