"""Real Redis servers and real quorum processes for tests; every test has its own key namespace or its own server."""

import os
import re
import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from flask import Flask
from hypothesis import settings as hypothesis_settings
from redis import Redis
from redis_cluster import redis_cluster
from redis_server import RedisServer, free_port, wait_until
from servers import candidates, name_of, newest_redis
from store import Bench, open_bench

from quorum.errors import StoreUnavailable
from quorum.inbox.inbox import Ring
from quorum.settings import Settings
from quorum.settings.declared import SETTINGS
from quorum.store.connection import connect
from quorum.store.layout import check_layout
from report_api.app import create_app

pytest_plugins = [
    "accounts",
    "console_site",
    "console_rooms",
    "rabbitmq",
    "news_site",
    "guide_site",
    "served_folder",
    "shown_blocks",
]

# A test of generated examples is slow where the machine is busy, and none the worse for it.
hypothesis_settings.register_profile("quorum", deadline=None)
hypothesis_settings.load_profile("quorum")

ROOT = Path(__file__).parent.parent
NO_CAPS = ROOT / "tests" / "policies" / "no_caps.toml"
PEPPER = "a pepper for tests only"
SITE_KEY = "qk_test.a-site-key-for-tests-only"
TOKEN_SECRET = "a token secret for tests only, 32 bytes"
CLUSTERS = () if "REDIS_URL" in os.environ else ("cluster",)

BETWEEN = "Redis 7"  # between the oldest and the newest Redis: what scripts and replies are made of is tried there, too
ON_EVERY_SERVER = ("test_drain.py", "test_upkeep.py", "test_feed.py", "test_denied_commands.py", "test_redis_users.py")


def _servers() -> dict[str, Path]:
    """Every kind of server at hand by its version; REDIS_URL's stands in for all of them."""
    if "REDIS_URL" in os.environ:
        return {"url": Path(os.environ["REDIS_URL"])}
    return {name_of(binary): binary for binary in candidates()}


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep to few files on the server between the oldest and the newest; stop where xdist does not keep groups.

    A newer pytest and xdist do not keep groups together, and each test counts on it.
    """
    elsewhere = [item for item in items if f"[{BETWEEN}" in item.nodeid and item.path.name not in ON_EVERY_SERVER]
    items[:] = [item for item in items if item not in set(elsewhere)]
    config.hook.pytest_deselected(items=elsewhere)
    if getattr(config.option, "loadgroup", False):
        for item in items:
            if item.get_closest_marker("xdist_group") and "@" not in item.nodeid:
                raise pytest.UsageError(f"pytest-xdist did not put {item.nodeid} into its group")


@pytest.fixture(scope="session", params=[*sorted(_servers()), *CLUSTERS])
def redis_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """What the tests of a session share, each in its own namespace.

    Each server version in turn: 6.2 (bundled) and, where present, a newer one; then a cluster of the newest.
    """
    directory = tmp_path_factory.mktemp("redis")
    if "REDIS_URL" in os.environ:
        yield os.environ["REDIS_URL"]
    elif request.param == "cluster":
        with redis_cluster(newest_redis(), directory) as cluster:
            yield cluster.url
    else:
        server = RedisServer(_servers()[request.param], directory).start()
        yield server.url
        server.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own (the newest binary at hand), to be ill-treated."""
    directory = tmp_path / "redis"
    directory.mkdir()
    server = RedisServer(newest_redis(), directory).start()
    yield server
    server.stop()


@pytest.fixture
def settings(redis_url: str) -> Settings:
    """Settings in a namespace of the test's own."""
    return make_settings(redis_url)


def make_settings(redis_url: str, **changes: object) -> Settings:
    values: dict[str, object] = {
        "redis_url": redis_url,
        "broker_url": "memory://" if "+cluster" in redis_url else redis_url,  # tests with a broker bring their own
        "namespace": f"test-{uuid.uuid4().hex[:12]}",
        "pepper": PEPPER,
        "site_key": SITE_KEY,
        "token_secret": TOKEN_SECRET,
        "anonymous": "on",  # most tests report in every way
        "policy_path": NO_CAPS,
    }
    return Settings(**{**values, **changes})  # type: ignore[arg-type]


def claimed_app(settings: Settings, ring: Ring | None = None) -> Flask:
    """Return the API on a namespace that was claimed as `quorum api` does, where there is a Redis."""
    app = create_app(settings, ring)
    with suppress(StoreUnavailable), connect(settings.store, 5.0) as client:
        check_layout(client, settings.namespace, settings.partitions)
    return app


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    """The Redis side of quorum in a namespace of the test's own."""
    with open_bench(settings) as opened:
        yield opened


@pytest.fixture
def redis_client(settings: Settings) -> Iterator[Redis]:
    with Redis.from_url(settings.redis_url, socket_timeout=5) as client:
        yield client


def environment(settings: Settings, **more: str) -> dict[str, str]:
    """Return the environment under which a process has these settings."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUORUM_")}
    stated = {one.name: getattr(settings, one.attribute) for one in SETTINGS}
    told = {name: _as_text(value) for name, value in stated.items() if value not in (None, "", ())}
    return {**inherited, **told, **more}


def _as_text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)


@contextmanager
def running(command: list[str], env: dict[str, str], log: Path) -> Iterator[psutil.Popen]:
    """Run `quorum COMMAND`; at the end kill it and all that it started."""
    with log.open("ab") as output:
        process = psutil.Popen(
            [sys.executable, "-m", "quorum.cli.main", *command], env=env, stdout=output, stderr=output, cwd=log.parent
        )
    try:
        yield process
    finally:
        kill_tree(process)


def kill_tree(process: psutil.Process) -> None:
    """Kill -9 a process and all its descendants, from the top, so that none is started anew meanwhile."""
    family: list[psutil.Process] = []
    _freeze(process, family)
    for member in family:
        with suppress(psutil.NoSuchProcess):
            member.kill()
    wait_until(lambda: all(map(is_dead, family)), 10, "the death of the processes")
    if isinstance(process, psutil.Popen):
        process.wait(10)


def _freeze(process: psutil.Process, family: list[psutil.Process]) -> None:
    with suppress(psutil.NoSuchProcess):
        process.suspend()
        family.append(process)
        for child in process.children():
            _freeze(child, family)


def is_dead(process: psutil.Process) -> bool:
    """Tell whether a process has ended, be it that nobody has collected its status yet."""
    try:
        return bool(process.status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


PORTS = ("QUORUM_PORT", "QUORUM_STREAM_PORT", "QUORUM_CONSOLE_PORT", "QUORUM_METRICS_PORT")


@dataclass(frozen=True)
class Trial:
    """A whole quorum as `quorum run` starts it."""

    url: str
    site_key: str
    redis_url: str
    process: psutil.Popen
    directory: Path


@contextmanager
def quorum_run(directory: Path, **env: str) -> Iterator[Trial]:
    """Run `quorum run` with its data in `directory`, until it has greeted."""
    ports = {name: str(free_port()) for name in PORTS}  # several run side by side
    settings = {"QUORUM_DATA": str(directory / "data"), **ports, **env}
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("QUORUM_")}
    log = directory / "run.log"
    written = directory / "data" / "env"
    written.unlink(missing_ok=True)
    with running(["run"], {**inherited, **settings}, log) as process:
        wait_until(lambda: written.exists() or process.poll() is not None, 60, "the greeting")
        assert process.poll() is None, log.read_text()
        values = dict(re.findall(r"^export (\w+)=(.*)$", written.read_text(), re.MULTILINE))
        yield Trial(values["QUORUM_URL"], values["QUORUM_SITE_KEY"], values["QUORUM_REDIS_URL"], process, directory)


@pytest.fixture(scope="module")
def trial(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """A running quorum that the tests of a module share."""
    with quorum_run(tmp_path_factory.mktemp("trial")) as started:
        yield started


def namespace_keys(client: Redis, namespace: str) -> list[bytes]:
    """Return every key of a namespace."""
    return list(client.scan_iter(match=f"{namespace}:*", count=1000))
