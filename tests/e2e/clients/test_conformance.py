"""The clients of every language against a real quorum: each says what the others say, and misses nothing.

CLIENT_KILLS sets how often each is killed (default 50), FAULT_SEED repeats a run.
"""

import json
import os
import random
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from client_drivers import LANGUAGES, InstalledClient, installed
from conftest import SITE_KEY, make_settings, running
from pipeline import CROSSING, Pipeline, read_books, whole_pipeline
from redis import Redis
from redis_server import RedisServer, free_port, wait_until
from servers import newest_redis

from quorum.client import Client
from quorum.events.event import BLOCKED, UNBLOCKED
from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy.load import default_policy
from quorum.store.connection import connect
from quorum.store.keys import keys_of

KILLS = int(os.environ.get("CLIENT_KILLS", "50"))
CHECKED_EVERY = 10  # kills
pytestmark = [pytest.mark.xdist_group("clients"), pytest.mark.timeout(300), pytest.mark.slow]


@dataclass
class Quorum:
    """A running quorum, and what the tests do to it."""

    pipeline: Pipeline
    stream_url: str
    table: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.pipeline.port}"

    def cross(self, *images: str) -> None:
        """Have images reported by as many people as it takes."""
        readers = [f"reader-{number}" for number in range(CROSSING)]
        reports = [{"image_id": one, "reason": "violence", "reporter_id": who} for one in images for who in readers]
        Client(self.url, SITE_KEY).report_many(reports)

    def block(self, *images: str) -> None:
        """Have images blocked, and wait until they are."""
        self.cross(*images)
        names = {parse_image(one).id for one in images}
        wait_until(lambda: names <= self.blocked(), 10, "the blocks")

    def clear(self, image: str) -> None:
        settings = self.pipeline.settings
        with connect(settings.store, 5.0) as client:
            decisions = Decisions(client, settings.namespace, settings.partitions)
            decisions.decide(parse_image(image), Action.CLEAR, "tests", default_policy(), unfounded=False)

    def remove(self, image: str) -> None:
        """Say that there is no such image any more, as the site's backend does."""
        headers = {"Authorization": f"Bearer {SITE_KEY}"}
        with urlopen(Request(f"{self.url}/v1/images/{image}", method="DELETE", headers=headers), timeout=5) as answer:
            assert answer.status == 202

    def blocked(self) -> set[str]:
        with Redis.from_url(self.pipeline.settings.redis_url) as redis:
            found: Any = redis.zrange(keys_of(self.pipeline.settings.namespace, 0).blocked, 0, -1)
        return {image.decode() for image in found}

    def settled(self) -> bool:
        return not read_books(self.pipeline.settings).waiting


@pytest.fixture(scope="module")
def quorum(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Quorum]:
    directory = tmp_path_factory.mktemp("quorum")
    (directory / "redis").mkdir()
    server = RedisServer(newest_redis(), directory / "redis").start()
    port = free_port()
    with (
        whole_pipeline(make_settings(server.url), directory) as pipeline,
        running(["stream", "--port", str(port)], pipeline.env, directory / "stream.log"),
    ):
        served = Quorum(pipeline, f"http://127.0.0.1:{port}/v1/events/stream")
        yield served
    server.stop()
    print("\n| client | kills | from its cursor | from nothing | crossings | blocked at the end | the same | seconds |")
    print("|---|---|---|---|---|---|---|---|\n" + "\n".join(served.table))


@pytest.fixture(scope="module", params=LANGUAGES)
def client(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> InstalledClient:
    found = installed(request.param, tmp_path_factory.mktemp(request.param))
    if found is None:
        pytest.skip(f"{request.param} is not installed")
    return found


def test_it_reports_looks_up_follows_and_streams(client: InstalledClient, quorum: Quorum) -> None:
    mine = f"{client.language}-é"
    one, two = f"{mine}-1", f"https://Example.org/{client.language}/a.jpg?b&utm_source=x"
    name = parse_image(two).id
    with client.driver("calls", quorum.url, SITE_KEY, quorum.stream_url) as driver:
        thanks = driver.ok("report", image_id=one, reason="violence", reporter_id="reader-9", language="fr")
        assert thanks.startswith("Merci d'avoir signalé")
        now = driver.ok("events", after="now")
        assert now["events"] == []
        quorum.block(one, two)
        assert driver.ok("status", id=two) == "blocked"
        assert driver.ok("statuses", ids=[one, two, "nobody's"]) == [
            *([one, "blocked"], [name, "blocked"], ["nobody's", "open"])
        ]
        assert set(driver.ok("snapshot")) == set(driver.ok("sync")) == quorum.blocked()
        page = driver.ok("events", after=now["cursor"], types=[BLOCKED], subject=two)
        assert [event[:2] for event in page["events"]] == [[BLOCKED, name]]
        followed = driver.ok("follow", after=now["cursor"], count=2)
        assert {event[1] for event in followed} == {one, name}
        assert driver.ok("stream", after=now["cursor"], count=2) == followed
        quorum.clear(one)
        assert [event[:2] for event in driver.ok("stream", after=now["cursor"], types=[UNBLOCKED], count=1)] == [
            [UNBLOCKED, one]
        ]
        driver.ok("sync")
        spellings = [one, two, two.replace("https://E", "HTTP://e"), f"{name}&c=1", "nobody's", f"{mine.upper()}-1"]
        assert driver.ok("blocked", ids=spellings) == [False, True, True, False, False, False]
        assert driver.ok("blocked", ids=[two]) == [True]  # from memory now
        assert driver.ask(call="report", image_id=one, reason="none", reporter_id="x", language="en") == {
            "error": {"kind": "api", "status": 422, "retry_after": None}
        }
    with client.driver("calls", quorum.url, "qk_bad.0123456789abcdef") as driver:
        assert driver.ask(call="sync")["error"] == {"kind": "api", "status": 401, "retry_after": None}


def assert_ends_with_the_servers_list(client: InstalledClient, quorum: Quorum, kept: Path, when: str) -> None:
    """Let it go on from its file until it has what the server has; what a kill made it lose never comes back."""
    wait_until(quorum.settled, 10, "an empty inbox")
    with client.driver("keep", quorum.url, SITE_KEY, str(kept)):
        wait_until(
            lambda: kept.exists() and set(json.loads(kept.read_text(encoding="utf-8"))["images"]) == quorum.blocked(),
            15,
            f"the same list ({when})",
        )


def test_killed_again_and_again_it_ends_with_exactly_the_servers_list(
    client: InstalledClient, quorum: Quorum, tmp_path: Path
) -> None:
    seed = int(os.environ.get("FAULT_SEED", random.randrange(10**6)))
    rng, start = random.Random(seed), time.monotonic()
    kept = tmp_path / "blocklist.json"
    starts: list[str | None] = []
    crossed = 0
    for kill in range(KILLS):
        before = json.loads(kept.read_text(encoding="utf-8"))["cursor"] if kept.exists() else None
        driver = client.start("keep", quorum.url, SITE_KEY, str(kept))
        told = driver.hear()
        assert told == {"from": before}, f"it does not go on where it stopped (seed {seed})"
        starts.append(before)
        images = [f"{client.language}-{number}" for number in range(crossed, crossed + rng.randrange(4))]
        crossed += len(images)
        if images:
            quorum.cross(*images)
        mine = sorted(image for image in quorum.blocked() if image.startswith(f"{client.language}-"))
        if mine and rng.random() < 0.4:
            rng.choice((quorum.clear, quorum.remove))(rng.choice(mine))
        time.sleep(rng.random() * 0.3)  # until it is killed, wherever that is
        driver.process.send_signal(signal.SIGKILL)
        driver.process.communicate()
        if kill % CHECKED_EVERY == CHECKED_EVERY - 1:
            assert_ends_with_the_servers_list(client, quorum, kept, f"seed {seed}, after {kill + 1} kills")
            if rng.random() < 0.5:
                kept.unlink()  # it may have to begin from nothing, too
    resumed = sum(one is not None for one in starts)
    assert len(quorum.blocked()) > KILLS // 5
    assert resumed > KILLS // 2
    seconds = time.monotonic() - start
    quorum.table.append(
        f"| {client.language} | {KILLS} | {resumed} | {KILLS - resumed} | {crossed} | {len(quorum.blocked())} | yes | "
        f"{seconds:.0f} |"
    )
