"""The commands as a person types them."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import environment, make_settings, running
from pipeline import CROSSING, Pipeline, Visitor, read_books, whole_pipeline
from redis_server import RedisServer, free_port, wait_until

from quorum.images.image import parse_image
from quorum.judgement.records import Report
from quorum.reporters.fingerprints import Reporter
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.tally.codec import encode_report, encode_stamp

COMMANDS = {
    "run": "embedded Redis",
    "api": "report API",
    "worker": "tallies reports",
    "doctor": "say what to mend",
    "tail": "events live",
    "dead": "dead letters",
    "policy": "Check a policy file",
    "reports": "last reports",
    "decide": "Uphold, block or clear",
    "queue": "Show the images that wait",
    "show": "what is known of an image",
    "audit": "decisions of moderators",
    "shields": "the bar of automatic blocks is higher",
    "reporters": "mute reporters",
    "forget": "Erase a reporter",
}


def quorum(*command: str, env: dict[str, str] | None = None, cwd: Path | None = None) -> tuple[int, str]:
    """Run a command; return its exit status and all that it wrote. A traceback is never an answer."""
    done = subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", *command],
        env=env,
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=30,
        check=False,
    )
    assert "Traceback" not in done.stdout, done.stdout
    return done.returncode, done.stdout


@pytest.mark.parametrize(("command", "told"), COMMANDS.items())
def test_each_command_tells_a_newcomer_what_it_does(command: str, told: str) -> None:
    status, text = quorum(command, "--help")
    assert status == 0
    assert f"{command} [OPTIONS]" in text
    assert told in " ".join(text.split())


def test_the_first_help_names_every_command_and_where_to_begin() -> None:
    status, text = quorum("--help")
    assert status == 0
    listed = {line.split()[0] for line in text.split("Commands:")[1].splitlines() if line.strip()}
    assert listed >= set(COMMANDS)
    assert "\n  New here?     quorum run " in text  # a line of its own
    assert "\\" not in text
    assert text.startswith("Usage: quorum [OPTIONS]")
    assert quorum("-h") == (status, text)


def test_an_unknown_command_is_refused_in_words() -> None:
    status, text = quorum("tali")
    assert status == 2
    assert "No such command 'tali'" in text


def test_doctor_finds_nothing_wrong_with_a_good_setup(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url, anonymous="off")
    own_redis.client.config_set("maxmemory", "1gb")
    with Pipeline(settings, tmp_path) as pipeline:
        pipeline.start_worker()
        status, text = quorum("doctor", env=pipeline.env)
    assert status == 0, text
    assert "WRONG" not in text
    assert "note" not in text
    for finding in ("policy ", "answers", "1024 MiB", "1 partition(s)", "a worker swept", "0 reports wait"):
        assert finding in text


def test_doctor_says_that_the_pepper_is_missing(own_redis: RedisServer) -> None:
    env = environment(make_settings(own_redis.url), QUORUM_PEPPER="")
    status, text = quorum("doctor", env=env)
    assert status == 1
    assert "WRONG QUORUM_PEPPER is missing" in text


def test_doctor_says_which_setting_cannot_be_read(own_redis: RedisServer) -> None:
    env = environment(make_settings(own_redis.url), QUORUM_SWEEP_SECONDS="soon")
    status, text = quorum("doctor", env=env)
    assert status == 1
    assert "WRONG QUORUM_SWEEP_SECONDS must be a whole number of seconds from 1 to 60, not 'soon'" in text


def test_doctor_says_what_is_wrong_with_the_policy(own_redis: RedisServer, tmp_path: Path) -> None:
    policy = tmp_path / "policy.toml"
    policy.write_text("threshold = -1\n")
    env = environment(make_settings(own_redis.url), QUORUM_POLICY=str(policy))
    status, text = quorum("doctor", env=env)
    assert status == 1
    assert "threshold" in text
    env = environment(make_settings(own_redis.url), QUORUM_POLICY=str(tmp_path / "none.toml"))
    status, text = quorum("doctor", env=env)
    assert status == 1
    assert "none.toml" in text


def test_doctor_says_that_redis_does_not_answer() -> None:
    settings = make_settings(f"redis://127.0.0.1:{free_port()}/0")
    status, text = quorum("doctor", env=environment(settings))
    assert status == 1
    assert "WRONG Redis at QUORUM_REDIS_URL does not answer" in text


def test_doctor_says_that_redis_wants_another_password(own_redis: RedisServer) -> None:
    own_redis.client.config_set("requirepass", "a password")
    status, text = quorum("doctor", env=environment(make_settings(own_redis.url)))
    assert status == 1
    assert "WRONG" in text
    assert "uthentication" in text


def test_doctor_says_that_the_data_has_other_partitions(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with Pipeline(settings, tmp_path) as pipeline:
        pipeline.start_worker()
    status, text = quorum("doctor", env=environment(settings, QUORUM_PARTITIONS="3"))
    assert status == 1
    assert "QUORUM_PARTITIONS is 3, but the data in Redis was laid out for 1; set it to 1" in text


@pytest.mark.parametrize(
    ("setting", "value", "told"),
    [
        ("appendonly", "no", "set `appendonly yes`"),
        ("maxmemory-policy", "allkeys-lru", "set `maxmemory-policy noeviction`"),
        ("maxmemory", "1", "Redis uses"),
    ],
)
def test_doctor_says_how_redis_is_set_up_badly(setting: str, value: str, told: str, own_redis: RedisServer) -> None:
    own_redis.client.config_set(setting, value)
    status, text = quorum("doctor", env=environment(make_settings(own_redis.url)))
    assert status == 1
    assert [line for line in text.splitlines() if line.startswith("WRONG") and told in line]


def test_doctor_says_that_redis_is_a_replica(own_redis: RedisServer) -> None:
    own_redis.client.execute_command("REPLICAOF", "127.0.0.1", free_port())
    status, text = quorum("doctor", env=environment(make_settings(own_redis.url)))
    assert status == 1
    assert "WRONG this Redis is a replica" in text


def test_doctor_says_that_no_worker_ever_swept(own_redis: RedisServer) -> None:
    status, text = quorum("doctor", env=environment(make_settings(own_redis.url)))
    assert status == 1
    assert "WRONG no worker has ever swept this Redis: start one with `quorum worker`" in text


@pytest.mark.parametrize("command", [["tail", "--no-follow"], ["dead", "list"], ["dead", "replay", "--all"]])
def test_looking_at_a_redis_that_is_down_is_refused_in_words(command: list[str]) -> None:
    settings = make_settings(f"redis://127.0.0.1:{free_port()}/0")
    status, text = quorum(*command, env=environment(settings))
    assert status == 1
    assert text.startswith("Error: ")
    assert "onnection refused" in text


@pytest.mark.parametrize("command", ["api", "worker"])
def test_a_service_that_cannot_reach_redis_says_so(command: str) -> None:
    settings = make_settings(f"redis://127.0.0.1:{free_port()}/0")
    status, text = quorum(command, env=environment(settings))
    assert status == 1
    assert text.startswith("Error: ")


def test_the_api_does_not_start_without_a_pepper(own_redis: RedisServer) -> None:
    env = environment(make_settings(own_redis.url), QUORUM_PEPPER="")
    status, text = quorum("api", "--port", str(free_port()), env=env)
    assert status == 1
    assert "QUORUM_PEPPER is missing" in text


def test_dead_letters_are_listed_and_replayed(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    keys = keys_of(settings.namespace, 0)
    bucket = f"{keys.images}{parse_image('img').bucket}"
    assert quorum("dead", "list", env=environment(settings)) == (0, "0 dead letters\n")
    own_redis.client.set(bucket, "not a hash")
    with whole_pipeline(settings, tmp_path) as pipeline, Visitor(pipeline.port) as visitor:
        for number in range(CROSSING):
            assert visitor.report("img", f"reader-{number}", "nudity").status == 202
        wait_until(lambda: own_redis.client.xlen(keys.dead) == CROSSING, 15, "the dead letters")
    own_redis.client.delete(bucket)

    status, text = quorum("dead", "list", env=environment(settings))
    assert status == 0
    assert text.endswith(f"{CROSSING} dead letters\n")
    assert text.count("image 'img', reason 'nudity', reporter class 'verified'") == CROSSING
    first = text.split()[0]

    status, text = quorum("dead", "replay", env=environment(settings))
    assert status == 2
    assert "name one dead letter by its id" in text
    assert quorum("dead", "replay", first, env=environment(settings)) == (0, "1 put back into the inbox\n")
    assert quorum("dead", "replay", "--all", env=environment(settings)) == (0, "4 put back into the inbox\n")
    assert own_redis.client.llen(keys.inbox) == CROSSING
    with Pipeline(settings, tmp_path) as pipeline:
        pipeline.start_worker()
        wait_until(lambda: len(read_books(settings).events) == 1, 10, "the event")
    books = read_books(settings)
    assert len(books.counted) == CROSSING
    assert books.dead == 0


def test_replaying_what_is_no_id_is_refused_in_words(own_redis: RedisServer) -> None:
    env = environment(make_settings(own_redis.url))
    own_redis.client.xadd(keys_of(env["QUORUM_NAMESPACE"], 0).dead, {"reason": "none", "entry": b"x"})
    status, text = quorum("dead", "replay", "no-id", env=env)
    assert status == 2
    assert "'no-id' is not the id of a dead letter" in text


def test_tail_prints_what_happens_while_it_runs(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    with whole_pipeline(settings, tmp_path) as pipeline, Visitor(pipeline.port) as visitor:

        def block(image: str) -> None:
            before = len(read_books(settings).events)
            for reader in range(CROSSING):
                assert visitor.report(image, f"reader-{reader}").status == 202
            wait_until(lambda: len(read_books(settings).events) == before + 1, 10, "the event")

        block("earlier")
        live = tmp_path / "tail.txt"
        env = {**pipeline.env, "PYTHONUNBUFFERED": "1"}
        with running(["tail", "--json"], env, live), running(["tail", "--all"], env, tmp_path / "all.txt"):
            wait_until(lambda: "earlier" in (tmp_path / "all.txt").read_text(), 10, "the earlier event")
            tails = iter(range(20))

            def told() -> bool:
                block(f"later-{next(tails)}")  # one that comes before `tail` has begun is not its business
                return bool(live.read_text())

            wait_until(told, 15, "an event")
            wait_until(lambda: "later-" in (tmp_path / "all.txt").read_text(), 10, "the later event")
        event = json.loads(live.read_text().splitlines()[0])
        assert event["type"] == "quorum.image.blocked.v1"
        assert event["subject"].startswith("later-")
        line = (tmp_path / "all.txt").read_text().splitlines()[0]
        assert "quorum.image.blocked.v1  earlier  score 5 from 5 reporters  {'violence': 5}" in line
        assert quorum("tail", "--no-follow", env=pipeline.env) == (0, "")


def test_dead_letters_that_are_no_reports_can_be_dropped(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url)
    env, dead = environment(settings), keys_of(settings.namespace, 0).dead
    report = encode_stamp(1) + encode_report(Report(parse_image("img"), Reporter("verified", b"r" * 12), "spam"))
    own_redis.client.xadd(dead, {"reason": "none", "entry": b"x"}, id="1-1")
    own_redis.client.xadd(dead, {"reason": "none", "entry": report}, id="2-1")
    assert quorum("dead", "drop", env=env)[0] == 2
    assert quorum("dead", "drop", "--unreadable", env=env) == (0, "1 dropped\n")
    assert quorum("dead", "drop", "1-1", env=env)[0] == 1
    assert own_redis.client.xlen(dead) == 1
    assert quorum("dead", "drop", "2-1", env=env) == (0, "1 dropped\n")


def test_a_backup_goes_to_a_file_and_back(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    env, file = environment(settings), tmp_path / "quorum.backup"
    status, text = quorum("backup", str(file), env=env)
    assert (status, "there is no data" in text) == (1, True)
    check_layout(own_redis.client, settings.namespace, 1)
    own_redis.client.rpush(keys_of(settings.namespace, 0).inbox, b"x")
    assert quorum("backup", str(file), env=env)[0] == 0
    assert quorum("restore", str(file), env=env)[0] == 1  # there is data already
    own_redis.client.flushall()
    status, text = quorum("restore", str(file), env=env)
    assert (status, text.splitlines()[0]) == (0, "1 keys are back; `quorum doctor` looks at them")
    status, text = quorum("migrate", env=env)
    assert (status, text.startswith("nothing to do")) == (0, True)
