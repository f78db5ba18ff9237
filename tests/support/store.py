"""The Redis side of quorum on a real server, in a namespace of the test's own."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from quorum.images.image import parse_image
from quorum.judgement.records import Report
from quorum.policy import Policy, load_policy
from quorum.policy.classes import VERIFIED
from quorum.reporters.fingerprints import Reporter
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import Keys, keys_of
from quorum.store.layout import check_layout
from quorum.tally.codec import encode_report, encode_stamp
from quorum.tally.drain import Drained, PartitionTally
from quorum.tally.statuses import ImageStatus, Statuses

NOW_MS = 1_760_000_000_000


@dataclass
class Bench:
    """One partition: put reports into its inbox, drain, look."""

    client: Any  # a Redis client; its replies are bytes
    keys: Keys
    tally: PartitionTally
    statuses: Statuses
    policy: Policy

    def report(
        self,
        image: str,
        reporter: str,
        reason: str = "violence",
        *,
        reporter_class: str = VERIFIED,
        at: int = NOW_MS,
    ) -> None:
        self.client.rpush(self.keys.inbox, entry(image, reporter, reason, reporter_class=reporter_class, at=at))

    def drain(self, limit: int = 500) -> Drained:
        return self.tally.drain(self.policy, limit)

    def status(self, image: str) -> ImageStatus:
        [status] = self.statuses.of([parse_image(image)], self.policy)
        return status

    def events(self) -> list[bytes]:
        return [fields[b"event"] for _, fields in self.client.xrange(self.keys.events)]

    def block(self, image: str, *, at: int = NOW_MS) -> None:
        """Report an image by as many people as the default policy asks for, and drain."""
        for number in range(5):
            self.report(image, f"reader-{number}", at=at + number)
        assert self.drain().blocked == 1


def entry(
    image: str, reporter: str, reason: str = "violence", *, reporter_class: str = VERIFIED, at: int = NOW_MS
) -> bytes:
    return encode_stamp(at) + encode_report(
        Report(parse_image(image), Reporter(reporter_class, reporter.encode().ljust(12, b"\0")[:12]), reason)
    )


@contextmanager
def open_bench(settings: Settings) -> Iterator[Bench]:
    """Open partition 0 of a namespace."""
    client = connect(settings.store, 5.0)
    keys = keys_of(settings.namespace, 0)
    check_layout(client, settings.namespace, settings.partitions)
    yield Bench(
        client,
        keys,
        PartitionTally(client, keys),
        Statuses(client, settings.namespace, 1),
        load_policy(settings.policy_path),
    )
    client.close()
