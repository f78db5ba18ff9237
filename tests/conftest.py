"""Real Redis servers and real quorum processes for tests; every test has its own key namespace or its own server."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from redis import Redis
from store import Bench, open_bench

from quorum.cli.embedded_redis import candidates, version_of
from quorum.settings import Settings

pytest_plugins = ["rabbitmq"]

ROOT = Path(__file__).parent.parent
NO_CAPS = ROOT / "tests" / "policies" / "no_caps.toml"
PEPPER = "a pepper for tests only"
SITE_KEY = "qk_test.a-site-key-for-tests-only"
TOKEN_SECRET = "a token secret for tests only, 32 bytes"


def wait_until(true: Callable[[], object], seconds: float = 10.0, what: str = "the condition") -> None:
    """Poll until `true()`; fail the test when it does not come about."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, f"{what} did not come about within {seconds} s"
        time.sleep(0.01)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class RedisServer:
    """A redis-server of a test's own, which it may stop, freeze, kill and restart."""

    binary: Path
    directory: Path
    port: int = field(default_factory=free_port)
    options: tuple[str, ...] = ()
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def client(self) -> Redis:
        return Redis.from_url(self.url, socket_timeout=5)

    def start(self) -> "RedisServer":
        command = [str(self.binary), "--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self.directory)]
        command += ["--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction", "--loglevel", "warning"]
        command += ["--hash-max-ziplist-value", "512", "--hash-max-ziplist-entries", "1024", *self.options]
        with (self.directory / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        wait_until(self.answers, 20, f"an answer from {self.binary}")
        return self

    def answers(self) -> bool:
        with self.client as client:
            try:
                return bool(client.ping())
            except Exception:  # noqa: BLE001 - not yet
                return False

    def signal(self, number: signal.Signals) -> None:
        assert self.process
        self.process.send_signal(number)
        if number in {signal.SIGKILL, signal.SIGTERM}:
            self.process.wait(10)

    def stop(self) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait(10)


def _servers() -> dict[str, Path]:
    """Every kind of server at hand by its version; REDIS_URL's stands in for all of them."""
    if "REDIS_URL" in os.environ:
        return {"url": Path(os.environ["REDIS_URL"])}
    return {".".join(map(str, version_of(binary)[:2])): binary for binary in candidates()}


@pytest.fixture(scope="session", params=sorted(_servers()))
def redis_binary(request: pytest.FixtureRequest) -> Path:
    """Each server version in turn: 6.2 (bundled) and, where present, a newer one."""
    return _servers()[request.param]


@pytest.fixture(scope="session")
def redis_url(redis_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that the tests of a session share, each in its own namespace."""
    if "REDIS_URL" in os.environ:
        yield os.environ["REDIS_URL"]
        return
    server = RedisServer(redis_binary, tmp_path_factory.mktemp("redis")).start()
    yield server.url
    server.stop()


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    """A server of the test's own (the newest binary at hand), to be ill-treated."""
    directory = tmp_path / "redis"
    directory.mkdir()
    server = RedisServer(max(candidates(), key=version_of), directory).start()
    yield server
    server.stop()


@pytest.fixture
def settings(redis_url: str) -> Settings:
    """Settings in a namespace of the test's own."""
    return make_settings(redis_url)


def make_settings(redis_url: str, **changes: object) -> Settings:
    values: dict[str, object] = {
        "redis_url": redis_url,
        "broker_url": redis_url,
        "namespace": f"test-{uuid.uuid4().hex[:12]}",
        "pepper": PEPPER,
        "site_key": SITE_KEY,
        "token_secret": TOKEN_SECRET,
        "policy_path": NO_CAPS,
    }
    return Settings(**{**values, **changes})  # type: ignore[arg-type]


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
    return {
        **inherited,
        "QUORUM_REDIS_URL": settings.redis_url,
        "QUORUM_BROKER_URL": settings.broker_url,
        "QUORUM_NAMESPACE": settings.namespace,
        "QUORUM_PARTITIONS": str(settings.partitions),
        "QUORUM_PEPPER": settings.pepper,
        "QUORUM_SITE_KEY": settings.site_key,
        "QUORUM_TOKEN_SECRET": settings.token_secret,
        "QUORUM_POLICY": str(settings.policy_path or ""),
        **more,
    }


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
    port = env.pop("QUORUM_PORT", str(free_port()))
    settings = {"QUORUM_DATA": str(directory / "data"), "QUORUM_PORT": port, **env}
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
