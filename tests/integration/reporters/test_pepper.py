"""The mark of the pepper: nobody becomes a new reporter because a secret was mistyped, and a rotation counts once."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from conftest import PEPPER, SITE_KEY, claimed_app, make_settings
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.errors import SettingsError
from quorum.reporters.fingerprints import pepper_mark
from quorum.reporters.pepper import PEPPER as FIELD
from quorum.reporters.pepper import check_pepper
from quorum.settings import Settings
from quorum.start.checks import check_store
from quorum.store.connection import connect
from quorum.store.keys import keys_of

OLD, NEW, OTHER = "the pepper of last year", "the pepper of this year", "the pepper of somebody else"
SITE = {"Authorization": f"Bearer {SITE_KEY}"}


def kept(settings: Settings) -> bytes | None:
    with connect(settings.redis_url, 5.0) as client:
        found: Any = client.hget(keys_of(settings.namespace, 0).meta, FIELD)
        return found if found is None else bytes(found)


def under(settings: Settings, pepper: str, previous: str = "") -> Settings:
    return replace(settings, pepper=pepper, pepper_previous=previous)


def test_the_first_start_keeps_a_mark_that_tells_nothing_of_the_pepper(settings: Settings) -> None:
    check_store(settings, "api")
    mark = kept(settings)
    assert mark == pepper_mark(PEPPER)
    assert len(mark) == 16
    assert PEPPER.encode().hex()[:16].encode() != mark
    assert pepper_mark(PEPPER + " ") != mark


def test_data_from_before_gets_a_mark_at_the_next_start(settings: Settings) -> None:
    with open_bench(settings) as bench:  # claimed, and by no service with a pepper
        assert kept(settings) is None
        check_store(replace(settings, pepper=""), "worker")
        assert kept(settings) is None
        assert not check_pepper(bench.client, settings.namespace, OLD, claim=False)
        assert kept(settings) is None
    check_store(settings, "api")
    assert kept(settings) == pepper_mark(PEPPER)


@pytest.mark.parametrize("previous", ["", OTHER])
@pytest.mark.trouble(
    "a service has another pepper than the data", "it does not start: everybody would be a new reporter"
)
def test_a_service_with_another_pepper_does_not_start_and_is_told_what_to_do(settings: Settings, previous: str) -> None:
    check_store(under(settings, OLD), "api")
    with pytest.raises(SettingsError) as caught:
        check_store(under(settings, NEW, previous), "api")
    assert "QUORUM_PEPPER is not the one" in str(caught.value)
    assert "QUORUM_PEPPER_PREVIOUS" in str(caught.value)
    assert not any(pepper in str(caught.value) for pepper in (OLD, NEW, OTHER))
    assert kept(settings) == pepper_mark(OLD)
    check_store(under(settings, OLD), "api")


def test_a_rotation_is_taken_and_the_old_pepper_alone_no_more(settings: Settings) -> None:
    check_store(under(settings, OLD), "api")
    check_store(under(settings, NEW, OLD), "api")
    assert kept(settings) == pepper_mark(NEW)
    check_store(under(settings, NEW, OLD), "api")
    check_store(under(settings, NEW), "api")
    with pytest.raises(SettingsError):
        check_store(under(settings, OLD), "api")
    check_store(under(settings, OLD, NEW), "api")  # back again: a rotation like any other


def test_a_full_redis_stops_no_service_and_keeps_the_mark_later(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url)
    check_store(replace(settings, pepper=""), "api")
    own_redis.client.config_set("maxmemory", "1")
    check_store(under(settings, OLD), "api")
    assert kept(settings) is None
    own_redis.client.config_set("maxmemory", "0")
    check_store(under(settings, OLD), "api")
    own_redis.client.config_set("maxmemory", "1")
    check_store(under(settings, NEW, OLD), "api")
    assert kept(settings) == pepper_mark(OLD)
    with pytest.raises(SettingsError):
        check_store(under(settings, OTHER), "api")


def test_of_services_with_different_peppers_that_start_at_once_one_wins(settings: Settings) -> None:
    check_store(replace(settings, pepper=""), "api")
    peppers = [f"{OTHER} {number}" for number in range(16)]

    def start(pepper: str) -> bool:
        try:
            check_store(under(settings, pepper), "api")
        except SettingsError:
            return False
        return True

    with ThreadPoolExecutor(16) as pool:
        started = list(pool.map(start, peppers))
    assert sum(started) == 1
    assert kept(settings) == pepper_mark(peppers[started.index(True)])


def reporter(settings: Settings, pepper: str, previous: str = "") -> Callable[[Bench, str], None]:
    """Return a process of the API: it lets three readers report an image, and the worker drains."""
    check_store(under(settings, pepper, previous), "api")
    client = claimed_app(under(settings, pepper, previous), lambda _: None).test_client()

    def send(bench: Bench, image: str) -> None:
        for number in range(3):
            body = {"image_id": image, "reason": "violence", "reporter_id": f"reader-{number}"}
            assert client.post("/v1/reports", json=body, headers=SITE).status_code == 202
        while bench.drain().taken:
            pass

    return send


@pytest.mark.trouble("the pepper is replaced while services run", "everybody counts once, whichever process they meet")
def test_a_rolling_rotation_counts_everybody_once_whichever_process_they_meet(redis_url: str) -> None:
    """The three steps of docs/security.md; at each, processes of before and after take turns and are restarted."""
    settings = make_settings(redis_url)
    steps = [((OLD, ""), (OLD, NEW)), ((OLD, NEW), (NEW, OLD)), ((NEW, OLD), (NEW, ""))]
    with open_bench(settings) as bench:
        reporter(settings, OLD)(bench, "from before")
        for number, (before, after) in enumerate(steps):
            running = reporter(settings, *before)
            rolled = reporter(settings, *after)
            images = ["from before", f"of step {number}"]
            for image in images:
                for process in (running, rolled, running, rolled):
                    process(bench, image)
                    assert bench.status(image).reporters == 3
            reporter(settings, *before)(bench, images[1])  # one of before dies and is started again
            reporter(settings, *after)
            assert bench.status(images[1]).reporters == 3
        assert kept(settings) == pepper_mark(NEW)
