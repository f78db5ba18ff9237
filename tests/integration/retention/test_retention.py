"""What is kept of people ends: the journal and dead letters with the window, erasures with the backups."""

from pathlib import Path

import pytest
from store import Bench

from quorum.backup.restoring import read_backup
from quorum.backup.writing import write_backup
from quorum.events.pause import Pause
from quorum.retention.erasure import Erasure
from quorum.retention.expiry import AT_ONCE, DAY_MS, Ended, Retention
from quorum.settings import Settings
from quorum.store.cluster import names_under
from quorum.store.keys import keys_of
from quorum.store.kinds import KINDS, kind_of, table
from quorum.tally.journal import Journal

WINDOW_SECONDS = 30 * 86_400


def retention(bench: Bench, settings: Settings) -> Retention:
    return Retention(bench.client, settings.namespace, 1, backup_days=35, event_seconds=60)


def now_ms(bench: Bench) -> int:
    seconds, micros = bench.client.execute_command("TIME", **_of(bench))
    return int(seconds) * 1000 + int(micros) // 1000


def _of(bench: Bench) -> dict[str, object]:
    find = getattr(bench.client, "get_node_from_key", None) if "Lazy" in type(bench.client).__name__ else None
    return {"target_nodes": find(bench.keys.meta)} if find else {}


def test_the_journal_ends_with_the_window(bench: Bench, settings: Settings) -> None:
    now = now_ms(bench)
    bench.report("img-1", "long-ago", at=now - 31 * DAY_MS)
    bench.report("img-1", "just-out", at=now - 30 * DAY_MS)
    bench.report("img-1", "within", at=now - 30 * DAY_MS + 60_000)
    bench.report("img-1", "now", at=now)
    bench.drain()
    assert retention(bench, settings).end(WINDOW_SECONDS) == Ended(2, 0, 0)
    kept = [
        report.reporter.fingerprint.rstrip(b"\0") for report in Journal(bench.client, settings.namespace, 1).reports()
    ]
    assert kept == [b"within", b"now"]
    assert retention(bench, settings).end(WINDOW_SECONDS) == Ended(0, 0, 0)
    assert retention(bench, settings).end(0).reports == 2
    assert not bench.client.exists(bench.keys.journal)


def test_a_long_journal_ends_in_steps(bench: Bench, settings: Settings) -> None:
    bench.client.rpush(bench.keys.journal, *[bytes(60)] * (AT_ONCE + 5))
    assert [retention(bench, settings).end(WINDOW_SECONDS).reports for _ in range(3)] == [AT_ONCE, 5, 0]


def test_dead_letters_end_with_the_window_and_leave_no_bytes(bench: Bench, settings: Settings) -> None:
    old = now_ms(bench) - 31 * DAY_MS
    for number in range(5):
        bench.client.xadd(bench.keys.dead, {"reason": "r", "entry": b"long-gone-%d" % number}, id=f"{old}-{number + 1}")
    young = bench.client.xadd(bench.keys.dead, {"reason": "r", "entry": b"young"})
    assert retention(bench, settings).end(WINDOW_SECONDS) == Ended(0, 5, 0)
    assert bench.client.xrange(bench.keys.dead) == [(young, {b"reason": b"r", b"entry": b"young"})]
    assert b"long-gone" not in bench.client.dump(bench.keys.dead)


def test_an_erasure_is_remembered_for_as_long_as_backups_live(bench: Bench, settings: Settings) -> None:
    now = now_ms(bench)
    bench.client.zadd(bench.keys.erased, {b"gone".ljust(12): now - 36 * DAY_MS, b"known".ljust(12): now - 34 * DAY_MS})
    assert retention(bench, settings).end(WINDOW_SECONDS).erasures == 1
    assert list(Erasure(bench.client, settings.namespace, 1).known()) == [b"known".ljust(12)]


def test_no_event_is_trimmed_while_deliveries_are_paused(bench: Bench, settings: Settings) -> None:
    bench.client.xadd(bench.keys.events, {"event": "{}"}, id="1-1")
    bench.client.set(bench.keys.paused, "for a test")
    retention(bench, settings).end(WINDOW_SECONDS)
    assert bench.client.xlen(bench.keys.events) == 1
    assert Pause(bench.client, settings.namespace).end()
    retention(bench, settings).end(WINDOW_SECONDS)
    assert bench.client.xlen(bench.keys.events) == 0


def test_on_every_server_who_was_erased_stays_so_when_a_backup_comes_back(
    bench: Bench, settings: Settings, tmp_path: Path
) -> None:
    now = now_ms(bench)
    for reporter in ("erased", "kept"):
        bench.report("img-1", reporter, at=now - 1000)
    bench.drain()
    for reporter in ("erased", "kept"):
        bench.report("img-2", reporter, at=now - 1000)
    write_backup(bench.client, settings.namespace, tmp_path / "backup")
    erasure = Erasure(bench.client, settings.namespace, 1)
    erasure.erase([b"erased".ljust(12, b"\0")])
    known = erasure.known()
    for name in names_under(bench.client, settings.namespace.encode()):
        bench.client.delete(name)
    read_backup(bench.client, settings.namespace, tmp_path / "backup", erased=known)
    assert names_under(bench.client, f"{settings.namespace}:restoring".encode()) == set()
    assert bench.client.llen(bench.keys.inbox) == 1
    bench.drain()
    assert [bench.status(image).reporters for image in ("img-1", "img-2")] == [1, 1]
    assert len(list(Journal(bench.client, settings.namespace, 1).reports())) == 2
    assert erasure.known() == known


def test_every_key_that_there_is_has_its_kind() -> None:
    keys = keys_of("", 0)
    whole = [name for name in keys.__slots__ if not getattr(keys, name).endswith(":")]
    for name in whole:
        found = kind_of(getattr(keys, name).encode(), 1)
        assert found, name
    prefixes = {getattr(keys, name).removeprefix(":{0}:").rstrip(":").encode() for name in keys.__slots__} - {
        b"events:trimmed"
    }
    assert prefixes <= {kind.head for kind in KINDS}


@pytest.mark.parametrize("line", table().splitlines())
def test_the_page_on_security_has_the_table_of_what_is_kept(line: str) -> None:
    from conftest import ROOT  # noqa: PLC0415

    assert line in (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
