"""`quorum queue`, `show`, `audit` and `decide`, as a moderator types them: they say what HTTP says."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import environment
from desk import Desk, open_desk
from redis_server import RedisServer

from quorum.cli.main import cli
from quorum.cli.moderation import looking


@pytest.fixture
def desk(own_redis: RedisServer, tmp_path: Path) -> Iterator[Desk]:
    with open_desk(own_redis.url, tmp_path) as opened:
        yield opened


def quorum(desk: Desk, *words: str) -> tuple[int, str]:
    """Run a command; return its exit status and all that it wrote."""
    done = CliRunner(env=environment(desk.settings)).invoke(cli, words)
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, done.output


def names(text: str) -> list[str]:
    return [line.split("  ")[0] for line in text.splitlines()[:-1]]


def test_the_queue_lists_what_http_lists(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(4):
        desk.report(f"agency/{number}", 3 + number, "spam" if number == 3 else "hate")
    desk.report("near", 2)
    desk.report("blocked")
    desk.decide("img-1", "clear")
    desk.report("img-1", 2)
    desk.post("/v1/claims/agency%2F0", {})
    monkeypatch.setattr(looking, "PAGE", 2)
    for words, query in (
        ((), ""),
        (("--state", "held", "--sort", "newest"), "state=held&sort=newest"),
        (("--cause", "contested"), "cause=contested"),
        (("--reason", "spam"), "reason=spam"),
        (("--min-score", "4"), "min_score=4"),
        (("--sort", "priority", "--limit", "3"), "sort=priority&limit=3"),
        (("--since", "2999-01-01T00:00:00Z"), "since=2999-01-01T00:00:00Z"),
        (("--state", "open"), "state=open"),
        (("--state", "blocked"), "state=blocked"),
    ):
        status, text = quorum(desk, "queue", *words)
        assert status == 0, text
        assert names(text) == desk.names(query), words
    status, text = quorum(desk, "queue")
    assert "5 images wait for a moderator: 4 protected, 1 contested" in text
    assert "Ms Moderator looks at it" in text.splitlines()[0]


@pytest.mark.parametrize(
    "words",
    [("--state", "open", "--state", "held"), ("--state", "open", "--cause", "budget"), ("--reason", "ugly"),
     ("--since", "yesterday"), ("--since", "2026-01-01"), ("--sort", "random"), ("--min-score", "-1")],
)  # fmt: skip
def test_a_queue_that_cannot_be_meant_is_a_usage_error(desk: Desk, words: tuple[str, ...]) -> None:
    status, text = quorum(desk, "queue", *words)
    assert (status, text.splitlines()[0][:6]) == (2, "Usage:"), text


def test_an_image_is_shown_with_all_that_happened_to_it(desk: Desk) -> None:
    desk.report("agency/1", content_hash="sha256:" + "ab" * 32)
    desk.report("agency/2", 1, content_hash="sha256:" + "ab" * 32)
    desk.post("/v1/claims/agency%2F1", {})
    desk.decide("agency/1", "clear", note="a museum")
    status, text = quorum(desk, "show", "agency/1")
    lines = text.splitlines()
    assert status == 0
    assert lines[0].startswith("agency/1  cleared, protected  0 points  no reporters")
    assert lines[1] == "shares its reports with agency/2"
    assert lines[2].startswith("Ms Moderator looks at it until 20")
    assert lines[3] == "https://img.example/agency%2F1?size=large"
    assert [line.split("  ", 1)[1].rpartition("  policy")[0] for line in lines[4:6]] == [
        "held  by policy  protected  3 points of 3 reporters",
        "clear  by Ms Moderator  a museum",
    ]
    assert lines[6].endswith("released  by moderator  4 points of 4 reporters")
    assert quorum(desk, "show", "img-9") == (0, "img-9: nobody has reported it\n")
    assert quorum(desk, "show", " ")[0] == 1


def test_the_audit_trail_is_read_from_where_one_was(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(5):
        desk.decide(f"img-{number}", "block", note=f"note {number}")
    monkeypatch.setattr(looking, "AUDITED", 2)
    status, text = quorum(desk, "audit", "--limit", "3")
    *lines, cursor = text.splitlines()
    assert status == 0
    assert [line.split("  ")[1:] for line in lines] == [
        [f"img-{number}", "block", "Ms Moderator", f"note {number}"] for number in range(3)
    ]
    status, text = quorum(desk, "audit", "--json", "--after", cursor.rpartition(" ")[2])
    *lines, _ = text.splitlines()
    over_http = desk.get("/v1/audit").get_json()["decisions"][3:]
    assert [(one["id"], one["image_id"], one["note"]) for one in map(json.loads, lines)] == [
        (one["id"], one["image_id"], one["note"]) for one in over_http
    ]
    assert quorum(desk, "audit", "--after", "yesterday")[0] == 1


def test_a_decision_says_of_each_what_became_of_it_and_goes_on(desk: Desk) -> None:
    for name in ("img-1", "img-3"):
        desk.report(name)
    desk.report("img-2", 1)
    status, text = quorum(desk, "decide", "img-1", "img-2", "no-such", "", "img-3", "uphold")
    assert status == 1
    told = text.splitlines()
    assert told[0] == "img-1 is blocked"
    assert told[1].startswith("img-2: only what is held or blocked can be upheld")
    assert told[2].startswith("no-such: nobody has reported it")
    assert "--unknown" in told[2]
    assert told[3].startswith(": must not be empty")
    assert told[4] == "img-3 is blocked"
    assert quorum(desk, "decide", "img-1", "img-3", "uphold") == (0, "img-1 is blocked\nimg-3 is blocked\n")


def test_an_image_that_nobody_knows_takes_a_word_more(desk: Desk) -> None:
    assert quorum(desk, "decide", "no-such", "block")[0] == 1
    assert desk.bench.client.xlen(desk.bench.keys.audit) == 0
    assert quorum(desk, "decide", "no-such", "block", "--unknown") == (0, "no-such is blocked\n")
    assert quorum(desk, "decide", "no-such", "clear") == (0, "no-such is cleared\n")


def test_a_dry_run_at_the_keyboard_writes_nothing(desk: Desk) -> None:
    desk.report("img-1")
    status, text = quorum(desk, "decide", "img-1", "clear", "--dry-run")
    assert (status, text) == (0, "img-1 is blocked, and would be cleared (3 blamed, unblocked)\n")
    assert desk.bench.client.xlen(desk.bench.keys.audit) == 0


def test_without_redis_the_rest_is_named(desk: Desk, own_redis: RedisServer) -> None:
    own_redis.stop()
    status, text = quorum(desk, "decide", "img-1", "img-2", "block", "--unknown")
    assert status == 1
    assert "nothing was decided about img-1, img-2" in text
