"""`quorum policy`, `reports`, `decide`, `shields`, `reporters` and `forget`, as a person types them."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from conftest import PEPPER, claimed_app, environment, make_settings
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.cli.main import cli
from quorum.events.event import timestamp
from quorum.images.image import parse_image
from quorum.judgement.records import Report
from quorum.people import Person
from quorum.policy.load import default_policy
from quorum.reporters.fingerprints import Networks, Reporter
from quorum.reporters.identities import Identities
from quorum.settings import Settings
from quorum.simulation.recorded import from_lines, to_line
from quorum.tally.codec import encode_report, encode_stamp

HOUR_MS = 3_600_000
STRICT = """\
threshold = 2.0
min_reporters = 2
window_days = 30
[reporters]
verified = 1.0
anonymous = 0.5
[reasons]
violence = 1.0
spam = 0.25
"""


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        yield opened


def now(bench: Bench) -> int:
    return int(bench.client.time()[0]) * 1000


def send(bench: Bench, image: str, people: int, *, reason: str = "violence", at: int | None = None) -> None:
    """Let named readers report an image, as the API would."""
    identities = Identities(PEPPER)
    for number in range(people):
        reporter = identities.named(Person(f"reader-{number}"), default_policy(), None)
        entry = encode_report(Report(parse_image(image), reporter, reason))
        bench.client.rpush(bench.keys.inbox, encode_stamp(at or now(bench)) + entry)
    while bench.drain().taken:
        pass


def quorum(settings: Settings, *command: str, width: int = 100, **env: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", *command],
        env=environment(settings, COLUMNS=str(width), **env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_policy_file_is_checked(settings: Settings, tmp_path: Path) -> None:
    file = tmp_path / "strict.toml"
    file.write_text(STRICT)
    status, text = quorum(settings, "policy", "check", str(file))
    assert status == 0
    assert "strict.toml: good, version " in text
    assert "threshold 2 points, 2 reporters, within 30 days" in text
    file.write_text(STRICT.replace("threshold = 2.0", "threshold = 'two'"))
    status, text = quorum(settings, "policy", "check", str(file))
    assert status == 1
    assert "strict.toml, line 1: threshold: must be a number, not 'two'" in text


def test_a_simulation_says_what_a_policy_would_have_done(settings: Settings, bench: Bench, tmp_path: Path) -> None:
    start = now(bench) - 10 * HOUR_MS
    send(bench, "gallery/1", 6, at=start)
    send(bench, "gallery/2", 3, at=start + 2 * HOUR_MS)
    send(bench, "gallery/3", 6, reason="spam", at=start + 5 * HOUR_MS)
    send(bench, "gallery/4", 1, at=start + 6 * HOUR_MS)
    file = tmp_path / "strict.toml"
    file.write_text(STRICT)
    status, text = quorum(settings, "policy", "simulate", str(file))
    assert status == 0, text
    assert "16 reports of 4 images by 6 reporters" in text
    rows = {cells[1].strip(): [cell.strip() for cell in cells[2:5]] for cells in table(text)}
    assert rows["images blocked"] == ["2", "2", ""]
    assert rows["images left open"] == ["2", "2", ""]
    assert (rows["newly blocked"][2], rows["no longer blocked"][2]) == ("1", "1")
    assert "gallery/1" not in rows
    assert rows["gallery/2"][0] == "open, 3 points"
    assert rows["gallery/2"][1].startswith("blocked")
    assert rows["gallery/3"][0].startswith("blocked")
    assert rows["gallery/3"][1] == "open, 1.5 points"
    assert "gallery/4" not in rows
    assert "Images blocked by the hour" in text
    assert "█" in text
    assert timestamp(start)[:13].replace("T", " ") + "h" in text


def table(text: str) -> list[list[str]]:
    """Return the cells of the rows of all tables."""
    return [line.split("│") for line in text.splitlines() if line.startswith("│")]


def test_the_same_policy_changes_nothing(settings: Settings, bench: Bench) -> None:
    send(bench, "gallery/1", 6)
    status, text = quorum(settings, "policy", "simulate", str(settings.policy_path))
    assert status == 0
    assert "Every image would have fared the same." in text


def test_an_export_is_simulated_anywhere(settings: Settings, bench: Bench, tmp_path: Path) -> None:
    send(bench, "gallery/1", 3)
    export = tmp_path / "reports.jsonl"
    assert quorum(settings, "reports", "export", str(export)) == (0, "3 reports\n")
    lines = export.read_text().splitlines()
    assert [json.loads(line)["image_id"] for line in lines] == ["gallery/1"] * 3
    assert "reader" not in export.read_text()
    file = tmp_path / "strict.toml"
    file.write_text(STRICT)
    elsewhere = make_settings("redis://127.0.0.1:1/0")
    status, text = quorum(elsewhere, "policy", "simulate", str(file), "--reports", str(export))
    assert status == 0, text
    assert "blocked" in text


def test_a_simulation_has_the_decisions_of_the_time(settings: Settings, bench: Bench, tmp_path: Path) -> None:
    send(bench, "gallery/1", 5)
    assert quorum(settings, "decide", "gallery/1", "clear") == (0, "gallery/1 is cleared\n")
    send(bench, "gallery/1", 9)
    export = tmp_path / "reports.jsonl"
    assert quorum(settings, "reports", "export", str(export))[0] == 0
    [decision] = [json.loads(line) for line in export.read_text().splitlines() if "decision" in line]
    assert (decision["image_id"], decision["decision"], decision["unfounded"]) == ("gallery/1", "clear", True)
    assert "moderator" not in decision
    for more in ((), ("--reports", str(export))):
        status, text = quorum(settings, "policy", "simulate", str(settings.policy_path), *more)
        assert status == 0, text
        assert "1 decisions" in text
    undecided = [line for line in export.read_text().splitlines() if "decision" not in line]
    export.write_text("\n".join(undecided))
    status, text = quorum(settings, "policy", "simulate", str(settings.policy_path), "--reports", str(export))
    assert "0 decisions" in text


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"image_id": "a", "decision": "ban", "decided_at": 1}', "line 2: decision: must be one of"),
        ('{"image_id": "a", "decision": "clear"}', "line 2: decided_at: must be RFC"),
        ('{"image_id": "a", "decision": "clear", "decided_at": 1, "unfounded": 1}', "line 2: unfounded: must be"),
        ('{"image_id": "a", "decision": "clear", "decided_at": 1, "reason": "x"}', "line 2: reason: is not a field"),
        (
            '{"image_id": "a", "reporter": "r", "reason": "", "received_at": 1, "kind": "x"}',
            "line 2: kind: must be one",
        ),
        ("{", "line 2: not JSON"),
        ("[]", "line 2: must be a JSON object"),
        ('{"image_id": "a", "reason": "spam", "received_at": 1}', "line 2: reporter: must be text"),
        ('{"image_id": "", "reporter": "r", "reason": "spam", "received_at": 1}', "line 2: image_id: must be text"),
        (
            '{"image_id": "a", "reporter": "r", "reason": "spam", "received_at": "monday"}',
            "line 2: received_at: must be RFC",
        ),
        (
            '{"image_id": "a", "reporter": "r", "reason": "spam", "received_at": 1, "class": "x"}',
            "line 2: class: must be one",
        ),
        (
            '{"image_id": "a", "reporter": "r", "reason": "spam", "received_at": 1, "ip": "x"}',
            "line 2: ip: is not a field",
        ),
    ],
)
def test_a_bad_line_of_an_export_is_named(settings: Settings, tmp_path: Path, line: str, said: str) -> None:
    export = tmp_path / "reports.jsonl"
    good = '{"image_id": "a", "reporter": "r", "reason": "spam", "received_at": "2026-01-01T00:00:00Z"}'
    export.write_text(f"{good}\n{line}\n")
    status, text = quorum(settings, "policy", "simulate", str(settings.policy_path), "--reports", str(export))
    assert status == 1
    assert said in text


def test_without_reports_there_is_nothing_to_simulate(settings: Settings) -> None:
    status, text = quorum(settings, "policy", "simulate", str(settings.policy_path))
    assert status == 1
    assert "there are no reports to replay: the journal is empty" in text


def test_a_recorded_report_survives_its_line() -> None:
    reporter = Reporter("anonymous", b"f" * 12, Networks(7, 8, 9), 60)
    report = Report(parse_image("a"), reporter, "spam", 1_760_000_000_123, b"c" * 16)
    assert list(from_lines([to_line(report), "", "\n"])) == [report]


def test_an_image_is_decided_at_the_keyboard(settings: Settings, bench: Bench) -> None:
    send(bench, "img-1", 5)
    assert quorum(settings, "decide", "img-1", "clear", "--note", "fine") == (0, "img-1 is cleared\n")
    assert quorum(settings, "decide", "img-1", "block") == (0, "img-1 is blocked\n")
    send(bench, "img-2", 1)
    status, text = quorum(settings, "decide", "img-2", "uphold")
    assert status == 1
    assert "img-2: only what is held or blocked can be upheld" in text


def test_several_images_are_decided_at_once_and_a_user_without_a_name_is_told_by_number(
    settings: Settings, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nameless() -> str:
        raise KeyError("getpwuid(): uid not found")  # as in a container

    monkeypatch.setattr("getpass.getuser", nameless)
    done = CliRunner(env=environment(settings)).invoke(cli, ["decide", "img-1", "img-2", "block", "--unknown"])
    assert (done.exit_code, done.output) == (0, "img-1 is blocked\nimg-2 is blocked\n")
    [first, _] = bench.client.xrange(bench.keys.audit)
    assert json.loads(first[1][b"decision"])["moderator"] == f"user {os.getuid()} (command line)"


def test_the_queue_and_the_doctor_tell_what_waits(settings: Settings, bench: Bench) -> None:
    quorum(settings, "shields", "raise")
    send(bench, "img-1", 5)
    status, text = quorum(settings, "queue")
    assert status == 0
    assert "img-1  5 reporters: 5 violence  5 points  because of shields  since 20" in text
    assert "1 images wait for a moderator: 1 shields" in text
    status, text = quorum(settings, "doctor")
    assert status == 1
    assert "WRONG the shields are up until they are lowered" in text
    assert "1 images wait for a moderator; see `quorum queue`" in text


def test_the_doctor_names_a_key_of_a_wrong_type_and_metrics_go_on(settings: Settings, bench: Bench) -> None:
    bench.client.set(bench.keys.held, "somebody else was here")
    status, text = quorum(settings, "doctor")
    assert status == 1
    assert f"the key {bench.keys.held} has a wrong type" in text
    answer = claimed_app(settings, lambda _: None).test_client().get("/metrics")
    assert answer.status_code == 200
    assert 'quorum_wrong_type_keys{partition="0"} 1.0' in answer.text
    assert "quorum_inbox_depth" in answer.text


def test_shields_are_raised_and_lowered_at_the_keyboard(settings: Settings, bench: Bench) -> None:
    assert "partition 0: down" in quorum(settings, "shields", "status")[1]
    assert quorum(settings, "shields", "raise", "--minutes", "5") == (0, "shields are up\n")
    assert "partition 0: UP until 20" in quorum(settings, "shields", "status")[1]
    assert quorum(settings, "shields", "lower") == (0, "shields are down\n")
    assert quorum(settings, "shields", "lower") == (0, "shields were down already\n")
    assert [json.loads(event)["type"] for event in bench.events()] == [
        "quorum.shields.raised.v1",
        "quorum.shields.lowered.v1",
    ]
    status, text = quorum(settings, "tail", "--all", "--no-follow")
    assert status == 0
    assert "quorum.shields.raised.v1  shields  because of by_hand" in text


def test_a_reporter_is_muted_shown_and_forgotten_at_the_keyboard(settings: Settings, bench: Bench) -> None:
    assert quorum(settings, "reporters", "show", "reader-0") == (0, "0 upheld, 0 unfounded\n")
    assert quorum(settings, "reporters", "mute", "reader-0", "--days", "3") == (0, "muted for 3 days\n")
    assert "muted until 20" in quorum(settings, "reporters", "show", "reader-0")[1]
    send(bench, "img-1", 2)
    assert (bench.status("img-1").reporters, bench.status("img-1").score) == (2, 1.0)
    assert quorum(settings, "reporters", "unmute", "reader-0") == (0, "neither muted nor warned\n")
    send(bench, "img-2", 2)
    assert (bench.status("img-2").reporters, bench.status("img-2").score) == (2, 2.0)
    status, text = quorum(settings, "forget", "reader-0")
    assert status == 0
    assert text.startswith("erased: 3 in tallies, 0 on their way, 2 in the journal\n")
    assert bench.status("img-2").reporters == 1
    status, text = quorum(settings, "forget", "--address", "nowhere")
    assert status == 1
    assert "not an IP address" in text
