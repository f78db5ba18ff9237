"""The watch over the event streams: it wakes whoever waits, and rests when nobody does."""

import time
from typing import Any

import pytest
from redis_server import wait_until

from quorum.events import watch as module
from quorum.events.watch import Watch
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout


def test_it_rests_when_nobody_asks_and_wakes_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.3)
    monkeypatch.setattr(module, "BLOCK_MS", 100)
    writer: Any = connect(settings.store, 5.0)
    stream = keys_of(settings.namespace, 0).events
    watch = Watch(connect(settings.store, 5.0), settings.namespace, 1)
    for _ in range(2):
        generation = watch.generation()
        assert watch._run
        writer.xadd(stream, {"event": "{}"})
        watch.wait(generation, 5)
        assert watch.generation() > generation
        wait_until(lambda: watch._run is None, 5, "the end of the watch")


def test_it_goes_on_while_somebody_waits(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(module, "BLOCK_MS", 50)
    client = connect(settings.store, 5.0)
    check_layout(client, settings.namespace, 1)
    watch = Watch(client, settings.namespace, 1)
    generation = watch.generation()
    start = time.monotonic()
    watch.wait(generation, 1)
    assert time.monotonic() - start > 0.9
    assert watch.generation() == generation
