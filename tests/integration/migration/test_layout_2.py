"""Data of layout 2 comes to the present one: whatever stops it, it goes on, and nothing blocked becomes open."""

import struct
from typing import Any

import pytest
from redis_server import RedisServer

from quorum.errors import StoreUnavailable
from quorum.images.image import bucket_of, parse_image
from quorum.judgement.records import State
from quorum.migration.layout_2 import FRESH_AGE
from quorum.migration.steps import migrate
from quorum.reporters.fingerprints import UNKNOWN_AGE
from quorum.store.keys import keys_of
from quorum.store.layout import check_layout
from quorum.tally.codec import decode_entry, decode_record, encode_copies

KEYS = keys_of("old", 0)
AT = 1_760_000_000_000
PICTURES = {state: bytes([255 - 60 * state]) * 16 for state in range(5)}
STATES = {"open": 0, "blocked": 1, "held": 2, "upheld": 4}


def row(number: int, *, weight: int = 1000, marks: int = 1, network: int = 0) -> bytes:
    return struct.pack(">12s6sHHBH", bytes([number]) * 12, AT.to_bytes(6, "big"), weight, 0x1234, marks, network)


def entry(number: int, *, flags: int = 0, network: int = 0, class_: int = 1) -> bytes:
    image = parse_image("waiting")
    head = struct.pack(
        ">6s16s12sBBHB", AT.to_bytes(6, "big"), image.digest, bytes([number]) * 12, class_, flags, network, 4
    )
    return head + b"spam" + struct.pack(">H", len(image.id)) + image.id.encode()


@pytest.fixture
def old(own_redis: RedisServer) -> Any:
    client: Any = own_redis.client
    client.hset(KEYS.meta, mapping={"layout": 2, "partitions": 1})
    for name, state in STATES.items():
        digest = parse_image(name).digest
        rows = row(1) + row(2, marks=1 + 4) + row(3, weight=500, marks=0, network=77)
        client.hset(f"{KEYS.images}{bucket_of(digest)}", digest, struct.pack(">HBI", 3, state, 2500) + rows)
    digest = parse_image("cleared").digest
    cleared = struct.pack(">HBI", 2, 3, 0) + AT.to_bytes(6, "big")
    client.hset(f"{KEYS.images}{bucket_of(digest)}", digest, cleared)
    for state, picture in PICTURES.items():
        rows = b"" if state == 3 else row(1) + row(2)
        head = struct.pack(">HBI", 1, state, 5000) + (AT.to_bytes(6, "big") if state == 3 else b"")
        client.hset(f"{KEYS.images}{bucket_of(picture)}", picture, head + rows)
        copies = {parse_image(f"copy-{state}-{number}").digest: f"copy-{state}-{number}" for number in range(9)}
        client.hset(f"{KEYS.copies}{bucket_of(picture)}", picture, encode_copies(copies))
        for digest in copies:
            client.hset(f"{KEYS.aliases}{bucket_of(digest)}", digest, picture)
    for number in range(1200):
        client.rpush(KEYS.inbox, entry(number % 200, flags=number % 2))
        client.rpush(KEYS.journal, entry(number % 200, network=number % 3, class_=0))
    client.rpush(KEYS.inbox, b"nonsense")
    client.xadd(KEYS.dead, {"reason": "x", "entry": entry(7)})
    client.hset(KEYS.shields, mapping={"hour": 1, "day": 2, "day_images": 3, "up_until": AT})
    return client


def assert_migrated(client: Any) -> None:
    check_layout(client, "old", 1)
    for name, state in STATES.items():
        digest = parse_image(name).digest
        record = decode_record(client.hget(f"{KEYS.images}{bucket_of(digest)}", digest))
        assert (record.epoch, record.state, record.score, record.wary) == (3, State(state), 2500, True)
        assert [(one.reporter_class, one.age) for one in record.rows] == [
            ("verified", UNKNOWN_AGE),
            ("verified", FRESH_AGE),
            ("anonymous", UNKNOWN_AGE),
        ]
        assert [one.networks[1:] for one in record.rows] == [(0, 0), (0, 0), (77, 77)]
    digest = parse_image("cleared").digest
    record = decode_record(client.hget(f"{KEYS.images}{bucket_of(digest)}", digest))
    assert (record.state, record.cleared_ms, record.rows) == (State.CLEARED, AT, ())
    for state, picture in PICTURES.items():
        record = decode_record(client.hget(f"{KEYS.images}{bucket_of(picture)}", picture))
        assert record.state == (state if state >= 3 else State.OPEN)
        assert len(record.rows) == (0 if state == 3 else 2)
        for number in range(9):
            digest = parse_image(f"copy-{state}-{number}").digest
            record = decode_record(client.hget(f"{KEYS.images}{bucket_of(digest)}", digest))
            assert (record.epoch, record.state, record.rows) == (1, State(state), ())
            assert record.cleared_ms == (AT if state == 3 else 0)
    inbox, journal = client.lrange(KEYS.inbox, 0, -1), client.lrange(KEYS.journal, 0, -1)
    assert inbox.pop() == b"nonsense"
    waiting = [decode_entry(raw) for raw in inbox]
    assert [one.reporter.fingerprint[0] for one in waiting] == [number % 200 for number in range(1200)]
    assert [one.reporter.age for one in waiting] == [FRESH_AGE if number % 2 else UNKNOWN_AGE for number in range(1200)]
    assert {one.image.id for one in waiting} == {"waiting"}
    assert [decode_entry(raw).reporter.networks.near for raw in journal] == [number % 3 for number in range(1200)]
    [(_, letter)] = client.xrange(KEYS.dead)
    assert decode_entry(letter[b"entry"]).reporter.fingerprint == bytes([7]) * 12
    assert client.hgetall(KEYS.shields) == {b"up_until": str(AT).encode()}


@pytest.mark.parametrize("cut", [None, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 60, 139])
def test_it_is_all_there_wherever_it_was_cut_off(old: Any, monkeypatch: pytest.MonkeyPatch, cut: int | None) -> None:
    real, made = type(old).pipeline, iter(range(10**6))

    def failing(self: Any, *, transaction: bool = True) -> Any:
        if transaction and next(made) == cut:
            raise StoreUnavailable("cut off")
        return real(self, transaction=transaction)

    if cut is not None:
        with monkeypatch.context() as patched:
            patched.setattr(type(old), "pipeline", failing)
            with pytest.raises(StoreUnavailable):
                migrate(old, "old")
    assert migrate(old, "old")
    assert_migrated(old)
    assert not migrate(old, "old")
