"""Who was erased stays erased when a backup is read back that was taken before: with the commands that people type."""

import gzip
import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from conftest import environment, make_settings
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.images.image import parse_image
from quorum.judgement.records import Report
from quorum.people import Person
from quorum.policy.load import default_policy
from quorum.reporters.fingerprints import FINGERPRINT_BYTES
from quorum.reporters.identities import Identities
from quorum.retention.erasure import Erasure
from quorum.settings import Settings
from quorum.store.cluster import time_ms
from quorum.store.keys import keys_of
from quorum.tally.codec import encode_report, encode_stamp

WHO, OTHER, ADDRESS = "jeanne", "paul", "203.0.113.9"


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url, partitions=2)


def quorum(settings: Settings, *command: str, status: int = 0, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", *command],
        env=environment(settings, **env),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stderr, done.stderr
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout + done.stderr


def marks(settings: Settings) -> list[bytes]:
    identities = Identities(settings.pepper)
    return [*identities.fingerprints_of(Person(WHO)), *identities.fingerprints_at(ADDRESS)]


def send(bench: Bench, settings: Settings, image: str) -> None:
    """Let a person, an address and somebody else report an image, as the API would."""
    identities, policy = Identities(settings.pepper), default_policy()
    now = time_ms(bench.client, "")
    for reporter in (
        identities.named(Person(WHO), policy, None),
        identities.named(Person(OTHER), policy, None),
        identities.anonymous(ip_address(ADDRESS), policy),
    ):
        entry = encode_report(Report(parse_image(image), reporter, "violence"))
        bench.client.rpush(bench.keys.inbox, encode_stamp(now) + entry)


def fill(settings: Settings) -> None:
    """Leave reports of each person in tallies, journal, inbox and dead letters, and standings."""
    with open_bench(settings) as bench:
        send(bench, settings, "img-1")
        while bench.drain().taken:
            pass
        for number in range(settings.partitions):
            keys = keys_of(settings.namespace, number)
            for mark in marks(settings):
                bench.client.xadd(keys.dead, {"reason": "unknown", "entry": b"broken" + mark})
        send(bench, settings, "img-2")
    quorum(settings, "reporters", "mute", WHO)
    quorum(settings, "reporters", "mute", OTHER)


def found(redis: RedisServer, settings: Settings) -> list[str]:
    """Return the keys that hold one of the two, but the list of erasures."""
    lists = {keys_of(settings.namespace, number).erased.encode() for number in range(settings.partitions)}
    redis.client.config_set("rdbcompression", "no")
    keys = [key for key in redis.client.scan_iter(count=1000) if key not in lists]
    dumps = {key.decode(): redis.client.dump(key) or b"" for key in keys}
    return [key for key, dump in dumps.items() if any(mark in dump for mark in marks(settings))]


def of_the_other(redis: RedisServer, settings: Settings) -> int:
    [mark] = Identities(settings.pepper).fingerprints_of(Person(OTHER))
    return sum(mark in (redis.client.dump(key) or b"") for key in redis.client.scan_iter(count=1000))


@pytest.fixture
def backup(own_redis: RedisServer, settings: Settings, tmp_path: Path) -> Path:
    """A backup that holds both."""
    fill(settings)
    path = tmp_path / "quorum.backup"
    quorum(settings, "backup", str(path))
    assert len(found(own_redis, settings)) >= 5
    return path


@pytest.mark.trouble("a person was erased after the backup that is restored", "they stay erased")
def test_with_a_list_beside_redis_nobody_comes_back_in_a_new_one(
    own_redis: RedisServer, settings: Settings, backup: Path, tmp_path: Path
) -> None:
    others, kept = of_the_other(own_redis, settings), str(tmp_path / "erasures")
    quorum(settings, "forget", WHO, QUORUM_ERASURES=kept)
    quorum(settings, "forget", "--address", ADDRESS, QUORUM_ERASURES=kept)
    assert found(own_redis, settings) == []
    own_redis.client.flushall()
    text = quorum(settings, "restore", str(backup), QUORUM_ERASURES=kept)
    assert "NO LIST" not in text
    assert found(own_redis, settings) == []
    assert of_the_other(own_redis, settings) == others
    assert len(quorum(settings, "erasures").splitlines()) == 2  # known here, too, from now on
    quorum(settings, "backup", str(tmp_path / "later"))
    own_redis.client.flushall()
    quorum(settings, "restore", str(tmp_path / "later"))
    assert found(own_redis, settings) == []


def test_what_the_command_prints_is_a_list_as_good(
    own_redis: RedisServer, settings: Settings, backup: Path, tmp_path: Path
) -> None:
    assert "QUORUM_ERASURES is not set" in quorum(settings, "forget", WHO)
    quorum(settings, "forget", "--address", ADDRESS)
    (tmp_path / "list").write_text(quorum(settings, "erasures"))
    own_redis.client.flushall()
    assert "NO LIST OF ERASURES WAS READ" in quorum(settings, "restore", str(backup))
    assert found(own_redis, settings)  # nobody could know
    own_redis.client.flushall()
    quorum(settings, "restore", str(backup), "--erasures", str(tmp_path / "list"))
    assert found(own_redis, settings) == []


def test_a_list_that_is_left_in_redis_is_merged(own_redis: RedisServer, settings: Settings, backup: Path) -> None:
    quorum(settings, "forget", WHO)
    quorum(settings, "forget", "--address", ADDRESS)
    own_redis.client.delete(*own_redis.client.scan_iter(f"{settings.namespace}:{{0}}:*"))  # one server of two is lost
    quorum(settings, "restore", str(backup))
    assert found(own_redis, settings) == []
    assert len(own_redis.client.zrange(keys_of(settings.namespace, 0).erased, 0, -1)) == 2


def test_reports_that_came_after_the_erasure_stay(
    own_redis: RedisServer, settings: Settings, backup: Path, tmp_path: Path
) -> None:
    quorum(settings, "forget", WHO)
    with open_bench(settings) as bench:
        send(bench, settings, "img-3")
        while bench.drain().taken:
            pass
        assert (bench.status("img-3").reporters, bench.status("img-3").score) == (3, 1.5)  # one of them is muted
    quorum(settings, "backup", str(tmp_path / "later"))
    own_redis.client.flushall()
    quorum(settings, "restore", str(tmp_path / "later"))
    with open_bench(settings) as bench:
        assert bench.status("img-3").reporters == 3  # one of the three is muted
        assert bench.status("img-1").reporters == 2


def test_who_cannot_be_kept_erased_is_not_erased(own_redis: RedisServer, settings: Settings, backup: Path) -> None:
    before = found(own_redis, settings)
    text = quorum(settings, "forget", WHO, status=1, QUORUM_ERASURES=str(backup / "below-a-file"))
    assert "cannot be written" in text
    assert found(own_redis, settings) == before


def test_a_backup_that_is_older_than_the_list_goes_back_is_refused(
    own_redis: RedisServer, settings: Settings, backup: Path
) -> None:
    head, *rest = gzip.decompress(backup.read_bytes()).splitlines()
    fields = {**json.loads(head), "at": (datetime.now(UTC) - timedelta(days=40)).isoformat()}
    backup.write_bytes(gzip.compress(b"\n".join([json.dumps(fields).encode(), *rest, b""])))
    own_redis.client.flushall()
    assert "set QUORUM_BACKUP_DAYS to 40 or more" in quorum(settings, "restore", str(backup), status=1)
    assert own_redis.client.dbsize() == 0
    quorum(settings, "restore", str(backup), QUORUM_BACKUP_DAYS="40")


def test_a_thousand_erasures_are_applied_and_nobody_else_is_touched(
    own_redis: RedisServer, settings: Settings, backup: Path, tmp_path: Path
) -> None:
    many = [number.to_bytes(FINGERPRINT_BYTES, "big") for number in range(1000)]
    Erasure(own_redis.client, settings.namespace, settings.partitions).erase([*many, *marks(settings)])
    others = of_the_other(own_redis, settings)
    (tmp_path / "list").write_text(quorum(settings, "erasures"))
    own_redis.client.flushall()
    quorum(settings, "restore", str(backup), "--erasures", str(tmp_path / "list"))
    assert found(own_redis, settings) == []
    assert of_the_other(own_redis, settings) == others
