"""Appeals at the keyboard: what is listed, shown and decided, and that a worker looks after them."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import SITE_KEY, environment
from desk import Desk, open_desk
from prometheus_client import CollectorRegistry
from redis_server import RedisServer

from quorum.cli.main import cli
from quorum.policy.file import PolicyFile
from tally_worker.app import make_sweeper
from tally_worker.observe import PartMetrics

SITE = {"Authorization": f"Bearer {SITE_KEY}"}


@pytest.fixture
def desk(own_redis: RedisServer, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(own_redis.url, tmp_path) as opened:
        yield opened


def quorum(desk: Desk, *words: str) -> tuple[int, str]:
    done = CliRunner(env=environment(desk.settings)).invoke(cli, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def appeal(desk: Desk, image: str, text: str) -> None:
    assert desk.client.post(f"/v1/images/{image}/appeals", json={"text": text}, headers=SITE).status_code == 201


def test_an_appeal_is_listed_shown_and_decided_at_the_keyboard(desk: Desk) -> None:
    desk.report("img-1")
    desk.report("img-2")
    appeal(desk, "img-1", "a\nmuseum\x1b[2J")
    status, text = quorum(desk, "queue", "--state", "appealed")
    listed, counts = text.splitlines()
    assert status == 0
    assert listed.startswith("img-1  3 reporters: 3 hate")
    assert "  appealed against 20" in listed
    assert counts.endswith("; 1 have an open appeal")
    assert quorum(desk, "queue", "--state", "appealed", "--state", "open")[0] == 2
    _, shown = quorum(desk, "show", "img-1")
    assert '  open  "a\\nmuseum\\u001b[2J"' in shown
    status, text = quorum(desk, "decide", "img-1", "clear", "--dry-run")
    assert text == "img-1 is blocked, and would be cleared (3 blamed, unblocked, appeal cleared)\n"
    assert quorum(desk, "decide", "img-1", "clear") == (0, "img-1 is cleared\n")
    _, shown = quorum(desk, "show", "img-1")
    assert "  cleared 20" in shown


def test_who_decided_before_is_told_so_at_the_keyboard(desk: Desk) -> None:
    desk.report("img-1")
    assert quorum(desk, "decide", "img-1", "uphold")[0] == 0
    appeal(desk, "img-1", "no")
    status, text = quorum(desk, "decide", "img-1", "uphold")
    assert status == 1
    assert "another moderator decides it now" in text
    desk.decide("img-1", "uphold")
    assert desk.get("/v1/appeals/img-1").get_json()["appeals"][0]["outcome"] == "upheld"


def test_a_worker_lets_an_appeal_lapse_whose_image_is_gone(desk: Desk) -> None:
    desk.report("img-1")
    appeal(desk, "img-1", "no")
    assert desk.client.delete("/v1/images/img-1", headers=SITE).status_code == 202
    while desk.bench.drain().taken:
        pass
    registry = CollectorRegistry()
    policies = PolicyFile(desk.settings.policy_path)
    sweeper = make_sweeper(desk.settings, policies, registry, "a-worker", PartMetrics(registry))
    sweeper.tidy()
    events = desk.client.get("/v1/events", headers=SITE).get_json()
    assert [event["type"].split(".", 1)[1] for event in events] == [
        *("image.blocked.v1", "image.deleted.v1", "appeal.decided.v1"),
    ]
    assert events[-1]["data"]["outcome"] == "lapsed"
