"""Three real sentinels on this machine, and the servers that they watch: one takes writes, the other follows."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from redis import exceptions as redis_errors
from redis_server import RedisServer, ServerTls, free_port, wait_until

from quorum.store.connection import connect

SERVICE = "quorum"
DOWN_AFTER_MS = 1000
FAILOVER_TIMEOUT_MS = 6000
SENTINELS = 3


@dataclass
class Sentinel:
    """One sentinel process."""

    port: int
    process: subprocess.Popen[bytes]


@dataclass
class Watched:
    """What sentinels watch, and they themselves."""

    servers: list[RedisServer]
    password: str = ""
    sentinel_password: str = ""
    tls: ServerTls | None = None
    sentinels: list[Sentinel] = field(default_factory=list)

    @property
    def url(self) -> str:
        who = f":{quote(self.password, safe='')}@" if self.password else ""
        nodes = ",".join(f"127.0.0.1:{one.port}" for one in self.sentinels)
        options = [*(self.tls.query[1:].split("&") if self.tls else [])]
        options += [f"sentinel_password={quote(self.sentinel_password, safe='')}"] if self.sentinel_password else []
        query = f"?{'&'.join(options)}" if options else ""
        return f"{'rediss' if self.tls else 'redis'}+sentinel://{who}{nodes}/{SERVICE}/0{query}"

    def ask(self, sentinel: Sentinel, *command: Any) -> Any:
        """Send a command to a sentinel."""
        scheme, query = ("rediss", self.tls.query) if self.tls else ("redis", "")
        who = f":{quote(self.sentinel_password, safe='')}@" if self.sentinel_password else ""
        with connect(f"{scheme}://{who}127.0.0.1:{sentinel.port}/{query}", 5.0) as client:
            untyped: Any = client
            return untyped.execute_command(*command)

    def primary(self) -> RedisServer:
        """Return the server that the first sentinel names."""
        _, port = self.ask(self.sentinels[0], "SENTINEL", "GET-MASTER-ADDR-BY-NAME", SERVICE)
        return next(server for server in self.servers if server.port == int(port))

    def replica(self) -> RedisServer:
        """Return the server that follows."""
        primary = self.primary()
        return next(server for server in self.servers if server is not primary)

    def is_whole(self) -> bool:
        """Tell whether every sentinel knows the others and the replica, and the replica follows."""
        with suppress(redis_errors.RedisError, OSError):
            told = [_pairs(self.ask(one, "SENTINEL", "MASTER", SERVICE)) for one in self.sentinels]
            return all(
                one["flags"] == "master" and one["num-slaves"] == "1" and one["num-other-sentinels"] == "2"
                for one in told
            ) and follows(self.replica())
        return False

    def stop(self) -> None:
        for one in self.sentinels:
            one.process.kill()
            one.process.wait(10)
        for server in self.servers:
            server.stop()


def follows(replica: RedisServer) -> bool:
    """Tell whether a server follows another and has all that it had."""
    info = replica.client.info("replication")
    return bool(info["role"] == "slave" and info.get("master_link_status") == "up")


@contextmanager
def watched_redis(
    binary: Path,
    directory: Path,
    *,
    password: str = "",
    sentinel_password: str = "",
    tls: ServerTls | None = None,
    options: tuple[str, ...] = (),
) -> Iterator[Watched]:
    """Run two servers and three sentinels."""
    servers = []
    for number in range(2):
        (directory / f"server-{number}").mkdir(parents=True)
        more = ("--repl-diskless-sync-delay", "0", "--maxmemory", "512mb", *options)
        servers.append(
            RedisServer(binary, directory / f"server-{number}", options=more, password=password, tls=tls).start()
        )
    watched = Watched(servers, password, sentinel_password, tls)
    try:
        servers[1].client.replicaof("127.0.0.1", str(servers[0].port))
        wait_until(lambda: follows(servers[1]), 20, "a replica")
        for number in range(SENTINELS):
            watched.sentinels.append(_sentinel(binary, directory / f"sentinel-{number}", watched))
        wait_until(watched.is_whole, 30, "sentinels that know each other")
        yield watched
    finally:
        watched.stop()


def _sentinel(binary: Path, directory: Path, watched: Watched) -> Sentinel:
    directory.mkdir()
    port = free_port()
    lines = [
        f"port {0 if watched.tls else port}",
        "bind 127.0.0.1",
        f"dir {directory}",
        f"sentinel monitor {SERVICE} 127.0.0.1 {watched.servers[0].port} 2",
        f"sentinel down-after-milliseconds {SERVICE} {DOWN_AFTER_MS}",
        f"sentinel failover-timeout {SERVICE} {FAILOVER_TIMEOUT_MS}",
    ]
    if watched.password:
        lines.append(f"sentinel auth-pass {SERVICE} {watched.password}")
    if watched.sentinel_password:
        lines += [f"requirepass {watched.sentinel_password}", f"sentinel sentinel-pass {watched.sentinel_password}"]
    if watched.tls:
        told = " ".join(watched.tls.options).replace(" --", "\n").removeprefix("--")
        lines += [f"tls-port {port}", told]
    config = directory / "sentinel.conf"
    config.write_text("\n".join(lines) + "\n")
    with (directory / "sentinel.log").open("ab") as log:
        return Sentinel(port, subprocess.Popen([str(binary), str(config), "--sentinel"], stdout=log, stderr=log))


def _pairs(answer: Any) -> dict[str, str]:
    if isinstance(answer, dict):
        return {_text(name): _text(value) for name, value in answer.items()}
    texts = list(map(_text, answer))
    return dict(zip(texts[::2], texts[1::2], strict=True))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
