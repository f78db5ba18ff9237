"""Every scheme that the documentation names, with a real server: from a report to its event, through the broker.

Sweeps are too far apart to help: the event comes because API and worker understand the same of one URL.
"""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from certificates import Authority
from conftest import claimed_app, environment, make_settings, running
from flask.testing import FlaskClient
from rabbitmq import RabbitMQ
from redis_cluster import redis_cluster
from redis_sentinel import watched_redis
from redis_server import RedisServer, ServerTls, wait_until
from servers import newest_redis

from quorum.network.endpoint import SCHEMES
from quorum.settings import Settings

KEY = {"Authorization": "Bearer qk_test.a-site-key-for-tests-only"}
HARD = "p/a#s@s?w:o%r&d"  # a password as generators make them

Make = Callable[[Path, ExitStack], Settings]


def tls(directory: Path, *, asks_clients: bool = False) -> ServerTls:
    authority = Authority(directory / "tls")
    return ServerTls(authority.ca, authority.sign("server"), asks_clients)


def started(directory: Path, stack: ExitStack, **fields: object) -> RedisServer:
    folder = directory / f"redis-{len(list(directory.iterdir()))}"
    folder.mkdir()
    server = RedisServer(newest_redis(), folder, **fields).start()  # type: ignore[arg-type]
    stack.callback(server.stop)
    return server


def plain(directory: Path, stack: ExitStack) -> Settings:
    server = started(directory, stack, password=HARD)
    return make_settings(f"redis://127.0.0.1:{server.port}/3", redis_password=HARD, broker_password=HARD)


def encrypted(directory: Path, stack: ExitStack) -> Settings:
    files = tls(directory, asks_clients=True)
    server = started(directory, stack, password=HARD, tls=files)
    return make_settings(
        f"rediss://127.0.0.1:{server.port}",
        redis_password=HARD,
        broker_password=HARD,
        tls_ca=files.ca,
        tls_cert=files.certificate.cert,
        tls_key=files.certificate.key,
    )


def valkey(directory: Path, stack: ExitStack) -> Settings:
    return make_settings(started(directory, stack, password=HARD).url.replace("redis:", "valkey:"))


def valkeys(directory: Path, stack: ExitStack) -> Settings:
    return make_settings(started(directory, stack, password=HARD, tls=tls(directory)).url.replace("rediss", "valkeys"))


def unix(directory: Path, stack: ExitStack) -> Settings:
    folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="a socket ", dir="/tmp"))
    started(directory, stack, password=HARD, options=("--unixsocket", f"{folder}/s"))
    url = f"unix://{folder.replace(' ', '%20')}/s?db=2"
    return make_settings(url, redis_password=HARD, broker_password=HARD)


def cluster(directory: Path, stack: ExitStack) -> Settings:
    servers = stack.enter_context(redis_cluster(newest_redis(), directory / "cluster"))
    return make_settings(servers.url, broker_url=started(directory, stack).url, partitions=4)


def encrypted_cluster(directory: Path, stack: ExitStack) -> Settings:
    files = tls(directory)
    servers = stack.enter_context(redis_cluster(newest_redis(), directory / "cluster", tls=files))
    return make_settings(servers.url, broker_url=started(directory, stack, tls=files).url, partitions=4)


def sentinel(directory: Path, stack: ExitStack) -> Settings:
    return make_settings(
        stack.enter_context(
            watched_redis(newest_redis(), directory / "watched", password="a-password", sentinel_password="another")
        ).url
    )


def encrypted_sentinel(directory: Path, stack: ExitStack) -> Settings:
    watched = stack.enter_context(watched_redis(newest_redis(), directory / "watched", tls=tls(directory)))
    return make_settings(watched.url)


def amqp(directory: Path, stack: ExitStack) -> Settings:
    return with_rabbitmq(directory, stack, None)


def amqps(directory: Path, stack: ExitStack) -> Settings:
    return with_rabbitmq(directory, stack, tls(directory, asks_clients=True))


def with_rabbitmq(directory: Path, stack: ExitStack, files: ServerTls | None) -> Settings:
    folder = directory / "rabbitmq"
    folder.mkdir()
    broker = RabbitMQ(folder, tls=files).start()
    stack.callback(broker.stop)
    return make_settings(started(directory, stack).url, broker_url=broker.url)


MADE: dict[str, Make] = {
    "redis": plain,
    "rediss": encrypted,
    "valkey": valkey,
    "valkeys": valkeys,
    "unix": unix,
    "redis+cluster": cluster,
    "rediss+cluster": encrypted_cluster,
    "redis+sentinel": sentinel,
    "rediss+sentinel": encrypted_sentinel,
    "amqp": amqp,
    "amqps": amqps,
}


def test_no_scheme_is_forgotten() -> None:
    assert MADE.keys() == SCHEMES.keys() - {"memory"}  # which is for one process alone, and for tests


@contextmanager
def worker(settings: Settings, directory: Path) -> Iterator[Path]:
    log = directory / "worker.log"
    with running(["worker", "--concurrency", "1"], environment(settings, QUORUM_SWEEP_SECONDS="60"), log):
        yield log


def events(client: FlaskClient) -> list[str]:
    answer = client.get("/v1/events", headers=KEY)
    return [event["type"] for event in answer.get_json()] if answer.status_code == 200 else []


@pytest.mark.timeout(120)
@pytest.mark.parametrize("scheme", MADE)
@pytest.mark.trouble(
    "the store is given by any documented scheme of URL",
    "store and broker understand the same",
)
def test_a_url_of_a_scheme_means_the_same_for_store_and_broker(scheme: str, tmp_path: Path) -> None:
    with ExitStack() as stack:
        settings = MADE[scheme](tmp_path, stack)
        app = claimed_app(settings)
        log = stack.enter_context(worker(settings, tmp_path))
        client = stack.enter_context(app.test_client())
        for number in range(5):
            report = {"image_id": "img-1", "reason": "violence", "reporter_id": f"reader-{number}"}
            answer = client.post("/v1/reports", json=report, headers=KEY)
            assert answer.status_code == 202, answer.text
        wait_until(lambda: events(client), 25, f"the event, by {scheme}")
        assert events(client) == ["quorum.image.blocked.v1"]
        assert HARD not in log.read_text()
