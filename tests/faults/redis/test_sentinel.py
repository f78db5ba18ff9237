"""Sentinels put another server in the place of one that takes writes, while readers report."""

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from conftest import make_settings
from pipeline import Crowd, Pipeline, Visitor, assert_balanced, inbox_depth, pair_of, read_books, whole_pipeline
from redis_sentinel import SERVICE, Watched, follows, watched_redis
from redis_server import wait_until
from servers import candidates, name_of

from quorum.errors import StoreUnavailable
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.telemetry.health import Health

pytestmark = pytest.mark.timeout(150)
PASSWORD = "the-password-of-the-servers"
SENTINELS_PASSWORD = "the-password-of-the-sentinels"
SERVERS = {name_of(path): path for path in candidates()}


@pytest.fixture(params=["Redis 8.0"])
def watched(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Watched]:
    with watched_redis(
        SERVERS[request.param], tmp_path / "watched", password=PASSWORD, sentinel_password=SENTINELS_PASSWORD
    ) as started:
        yield started


def planned_failover(watched: Watched) -> None:
    """Do what docs/deployment.md says, in its order."""
    primary, replica = watched.primary(), watched.replica()
    primary.client.client_pause(30_000, all=False)
    written = primary.client.info("replication")["master_repl_offset"]
    wait_until(lambda: replica.client.info("replication")["slave_repl_offset"] >= written, 5, "all on the replica")
    watched.ask(watched.sentinels[0], "SENTINEL", "FAILOVER", SERVICE)
    wait_until(lambda: watched.primary() is replica, 10, "the other server in its place")
    primary.client.replicaof("127.0.0.1", str(replica.port))
    primary.client.client_unpause()


def recovery(crowd: Crowd, began: float) -> float:
    """Return how long it took, from the beginning, until reports were accepted again."""
    crowd.wait_for(200, 40)
    return time.monotonic() - began


def books_after(settings: Settings, crowd: Crowd) -> tuple[int, int]:
    """Return how many reports were acknowledged and how many of those are lost; the books must balance, no doubles."""
    wait_until(lambda: inbox_depth(settings) == 0, 30, "an empty inbox")
    books = read_books(settings)
    assert_balanced(books)
    acknowledged = {pair_of(settings, *report) for report in crowd.acknowledged}
    return len(acknowledged), len(acknowledged - books.counted)


@pytest.mark.parametrize("watched", ["Redis 8.0", "Valkey 9.1"], indirect=True)
def test_a_planned_failover_loses_nothing_and_counts_nothing_twice(watched: Watched, tmp_path: Path) -> None:
    settings = make_settings(watched.url)
    with whole_pipeline(settings, tmp_path) as pipeline, Crowd(pipeline.port) as crowd:
        crowd.wait_for(300)
        began = time.monotonic()
        planned_failover(watched)
        seconds = recovery(crowd, began)
        crowd.stop()
        acknowledged, lost = books_after(settings, crowd)
        assert_alive(pipeline)
    print(f"planned: {acknowledged} acknowledged, {lost} lost, 0 doubled, {seconds:.1f} s to 200 more")
    assert lost == 0
    assert set(crowd.statuses) <= {202, 503}


def test_after_an_abrupt_failover_the_books_balance_and_all_goes_on(watched: Watched, tmp_path: Path) -> None:
    """What the replica had not yet got is lost with the dead server: nothing else is, and nothing is doubled."""
    settings = make_settings(watched.url)
    with whole_pipeline(settings, tmp_path) as pipeline, Crowd(pipeline.port) as crowd:
        crowd.wait_for(300)
        dead = watched.primary()
        began = time.monotonic()
        dead.signal(signal.SIGKILL)
        wait_until(lambda: crowd.statuses[503], 10, "a 503")
        seconds = recovery(crowd, began)
        dead.start()  # it comes back, and follows
        wait_until(lambda: watched.primary() is not dead and follows(dead), 90, "the old one as a replica")
        crowd.wait_for(100)
        crowd.stop()
        acknowledged, lost = books_after(settings, crowd)
        assert_alive(pipeline)
        with Visitor(pipeline.port) as visitor:
            assert visitor.get("/readyz").status == 200
    print(f"abrupt: {acknowledged} acknowledged, {lost} lost, 0 doubled, {seconds:.1f} s to 200 more")
    assert lost <= 20  # what was on its way within some milliseconds
    assert set(crowd.statuses) <= {202, 503}


def assert_alive(pipeline: Pipeline) -> None:
    """The API is the one that was started, and no log shows a password."""
    assert pipeline.api
    assert pipeline.api.status() != psutil.STATUS_ZOMBIE
    assert PASSWORD not in pipeline.log
    assert SENTINELS_PASSWORD not in pipeline.log


def test_a_sentinel_that_hangs_is_passed_over(watched: Watched) -> None:
    watched.sentinels[0].process.send_signal(signal.SIGSTOP)
    try:
        with connect(watched.url, 0.8) as client:
            began = time.monotonic()
            assert client.ping()
            assert time.monotonic() - began < 5
    finally:
        watched.sentinels[0].process.send_signal(signal.SIGCONT)


def test_without_any_sentinel_the_api_says_503_and_no_password(watched: Watched) -> None:
    for sentinel in watched.sentinels:
        sentinel.process.kill()
    with pytest.raises(StoreUnavailable, match="no sentinel names a server that takes writes") as error:
        Health(connect(watched.url, 0.5), "quorum", 1).ping()
    assert PASSWORD not in str(error.value)
