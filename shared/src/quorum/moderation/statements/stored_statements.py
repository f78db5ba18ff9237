"""The block under which an image is now, for its statement of reasons."""

from redis import Redis

from quorum.errors import NoStatement
from quorum.images.image import Image
from quorum.judgement.records import State
from quorum.moderation.statements.statement import Block
from quorum.moderation.stories import Stories
from quorum.policy.model import Policy
from quorum.tally.statuses import Statuses


class Statements:
    """Finds what is said of blocks, of all partitions."""

    def __init__(self, client: Redis, namespace: str, partitions: int) -> None:
        self._statuses = Statuses(client, namespace, partitions)
        self._stories = Stories(client, namespace, partitions)

    def block(self, image: Image, policy: Policy) -> Block:
        """Return the block under which an image is. Raises NoStatement, StoreUnavailable, DataMissing.

        The reasons are those for which it was blocked, as long as its event is kept; after that, those of the reports
        that still count.
        """
        [status] = self._statuses.of([image], policy)
        if not status.state.is_blocked:
            raise NoStatement
        told = [one for one in self._stories.of(image) if one.what == "blocked"]
        last = told[-1] if told else None
        known = last is not None and last.said.get("epoch") == status.epoch
        reasons = last.said["reasons"] if last and known else status.reasons
        at_ms = status.blocked_ms if status.blocked_ms is not None else last.at_ms if last else 0
        by_moderator = status.state is State.UPHELD or bool(known and last and last.by == "moderator")
        return Block(image.id, image.digest, status.epoch, at_ms, by_moderator, dict(reasons))
