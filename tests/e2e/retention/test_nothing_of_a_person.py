"""After a full run nothing that is kept anywhere tells a name or an address to whoever does not have the pepper."""

import base64
import gzip
import json
import subprocess
import sys
from collections.abc import Iterator
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

from conftest import SITE_KEY, environment, make_settings
from leaks import Leaks, forms_of, texts_of
from pipeline import Pipeline, whole_pipeline
from redis_server import RedisServer, free_port, wait_until
from store import entry

from quorum.events.event import BLOCKED
from quorum.reporters.fingerprints import NAMED, fingerprint
from quorum.reporters.tokens import mint_token
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.store.kinds import kind_of
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import new_subscription

NAMES = [f"{name}-1972" for name in ("jeanne.dupont", "günther.müller", "amal.haddad", "li.xiaoming", "o'brien")]
ADDRESSES = ["203.0.113.77", "198.51.100.204", "2001:db8:7:9:a:b:c:d", "2001:db8:55:aa::17"]
IDEMPOTENCY_KEYS = ["reader-key-0001", "batch-key-0002"]
BACKEND = {"Authorization": f"Bearer {SITE_KEY}"}
REPORTS = "/v1/reports"


class Site:
    """Sends requests as browsers and a backend would, and remembers every body."""

    def __init__(self, port: int) -> None:
        self._port = port
        self.bodies: list[bytes] = []

    def send(self, body: Any, headers: dict[str, str], path: str = REPORTS, address: str = "192.0.2.1") -> int:
        raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
        self.bodies.append(raw)
        connection = HTTPConnection("127.0.0.1", self._port, timeout=10)
        headers = {"Content-Type": "application/json", "X-Forwarded-For": address, **headers}
        connection.request("POST", path, raw, headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer.status


def report(image: str, **more: str) -> dict[str, str]:
    return {"image_id": image, "reason": "violence", **more}


def everything_happens(site: Site, settings: Settings) -> set[int]:
    """Report in every way, well and badly; return the statuses that were seen."""
    seen = set()
    for image in ("img-1", "img-2"):
        for name in NAMES:
            seen.add(site.send(report(image, reporter_id=name), BACKEND))
    for name in NAMES:
        token = mint_token(settings.token_secret, settings.token_audience, name, 600)
        seen.add(
            site.send(report("img-3"), {"Authorization": f"Bearer {token}", "Idempotency-Key": IDEMPOTENCY_KEYS[0]})
        )
        late = mint_token(settings.token_secret, settings.token_audience, name, -600)
        seen.add(site.send(report("img-3"), {"Authorization": f"Bearer {late}"}))
    for address in ADDRESSES:
        for key in ({}, {"Idempotency-Key": IDEMPOTENCY_KEYS[0]}, {"Idempotency-Key": IDEMPOTENCY_KEYS[0]}):
            seen.add(site.send(report("img-4"), key, address=address))
        seen.add(site.send(report("img-5"), {"Idempotency-Key": IDEMPOTENCY_KEYS[0]}, address=address))
    batch = [report(f"img-{number}", reporter_id=name) for number, name in enumerate(NAMES)]
    for body in (batch, batch, batch[1:]):
        seen.add(site.send(body, {**BACKEND, "Idempotency-Key": IDEMPOTENCY_KEYS[1]}, path=f"{REPORTS}/batch"))
    for _ in range(25):
        seen.add(site.send(report("img-6", reporter_id=NAMES[0]), BACKEND))
    for name, address in zip(NAMES, ADDRESSES, strict=False):
        seen.add(site.send({"image_id": "img-7", "reason": name, "reporter_id": name}, BACKEND, address=address))
        seen.add(site.send({name: name}, {}, address=address))
        seen.add(site.send(f'{{"{name}":'.encode(), {"Idempotency-Key": IDEMPOTENCY_KEYS[1]}, address=address))
        seen.add(site.send(report("img-7", reporter_id=name), {"Authorization": f"Bearer {name}"}, address=address))
    return seen


def quorum(settings: Settings, *command: str, **env: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", *command],
        env=environment(settings, **env),
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout + done.stderr


def poison(client: Any, settings: Settings) -> None:
    """Put an entry of a class that nobody knows into the inbox, as a newer release might."""
    raw = bytearray(entry("img-8", "x"))
    raw[22:34] = fingerprint(settings.pepper.encode(), NAMED, NAMES[1])
    raw[34] = 9
    client.rpush(keys_of(settings.namespace, 0).inbox, bytes(raw))


def kept_in_redis(client: Any) -> Iterator[tuple[str, bytes]]:
    """Yield every key, every field of it, and its DUMP."""
    readers = {
        b"string": lambda key: [client.get(key)],
        b"list": lambda key: client.lrange(key, 0, -1),
        b"hash": lambda key: [part for pair in client.hgetall(key).items() for part in pair],
        b"zset": lambda key: client.zrange(key, 0, -1),
        b"set": client.smembers,
        b"stream": lambda key: [part for _, one in client.xrange(key) for pair in one.items() for part in pair],
    }
    for key in client.scan_iter(count=1000):
        name = key.decode(errors="backslashreplace")
        for part in (key, *readers[client.type(key)](key), client.dump(key) or b""):
            yield name, part


def kept_in_files(*directories: Path) -> Iterator[tuple[str, bytes]]:
    for directory in directories:
        for path in directory.rglob("*"):
            if path.is_file() and path.suffix != ".backup":
                yield path.name, path.read_bytes()


def kept_in_backup(path: Path) -> Iterator[tuple[str, bytes]]:
    for line in gzip.decompress(path.read_bytes()).splitlines():
        fields = json.loads(line)
        yield f"backup {fields.get('key')}", line
        yield f"backup {fields.get('key')}", base64.b64decode(fields.get("dump", ""))


def full_run(own_redis: RedisServer, settings: Settings, logs: Path) -> Site:
    client = own_redis.client
    client.config_set("rdbcompression", "no")
    with whole_pipeline(settings, logs, QUORUM_PROXY_HOPS="1", QUORUM_WEBHOOK_NETWORKS="127.0.0.0/8") as pipeline:
        store = Webhooks(connect(settings.redis_url, 5.0), settings.namespace, 1)
        store.add(new_subscription(f"http://127.0.0.1:{free_port()}/", (BLOCKED,), "tests", store.now_ms()))
        site = Site(pipeline.port)
        seen = everything_happens(site, settings)
        poison(client, settings)
        wait_for_the_workers(pipeline, client, settings)
        assert seen >= {200, 202, 400, 401, 422, 429}, seen
        quorum(settings, "reporters", "mute", NAMES[2])
        quorum(settings, "decide", "img-1", "clear")
        quorum(settings, "decide", "img-2", "uphold")
        quorum(settings, "forget", NAMES[3], QUORUM_ERASURES=str(logs / "erasures"))
        quorum(settings, "forget", "--address", ADDRESSES[2], QUORUM_ERASURES=str(logs / "erasures"))
        (logs / "list").write_text(quorum(settings, "erasures"))
        (logs / "export").write_text(quorum(settings, "reports", "export"))
        (logs / "doctor").write_text(quorum_doctor(settings))
        quorum(settings, "backup", str(logs / "quorum.backup"))
    return site


def quorum_doctor(settings: Settings) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "quorum.cli.main", "doctor"],
        env=environment(settings),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.stdout + done.stderr


def wait_for_the_workers(pipeline: Pipeline, client: Any, settings: Settings) -> None:
    keys = keys_of(settings.namespace, 0)
    wait_until(lambda: client.llen(keys.inbox) == 0 and client.xlen(keys.dead) == 1, 20, "an empty inbox")
    wait_until(lambda: "webhook called" in pipeline.log, 20, "an attempt at the webhook")


def test_nothing_that_is_kept_tells_a_name_or_an_address(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url, policy_path=None)
    logs = tmp_path / "logs"
    logs.mkdir()
    site = full_run(own_redis, settings, logs)
    addresses = {form for address in ADDRESSES for form in forms_of(address)}
    people = [*NAMES, *ADDRESSES]
    hashed = {*addresses, *site.bodies, *(text for one in people for text in texts_of(fields_with(one)))}
    leaks = Leaks({*(name.encode() for name in NAMES), *addresses}, hashed)
    found = []
    kept = [*kept_in_redis(own_redis.client), *kept_in_files(logs, own_redis.directory)]
    for where, content in [*kept, *kept_in_backup(logs / "quorum.backup")]:
        found += leaks.within(where, content)
    assert found == []
    prefix = f"{settings.namespace}:".encode()
    written = {key for key in own_redis.client.scan_iter(f"{settings.namespace}:{{*") if key.startswith(prefix)}
    kinds = {key: kind_of(key[len(prefix) - 1 :], 1) for key in written}
    assert None not in kinds.values(), kinds
    assert {kind[1].head for kind in kinds.values() if kind} >= {
        *(b"limits", b"requests", b"journal", b"dead", b"reporters", b"audit", b"erased", b"webhooks", b"images")
    }


def fields_with(person: str) -> list[str]:
    """What may be joined with somebody's name or address."""
    return [person, REPORTS, *IDEMPOTENCY_KEYS, NAMED]
