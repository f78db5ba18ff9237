"""A Redis Cluster of real servers on this machine, which a test may damage and mend."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis.crc import key_slot
from redis_server import RedisServer, ServerTls, free_port, wait_until

SLOTS = 16384
NODE_TIMEOUT_MS = 1000
FAILOVER_SECONDS = 6.0
BUS_OFFSET = 10_000  # the servers' own talk: Redis' default


class RedisCluster:
    """Primaries that share the slots evenly, and one replica of each where wanted."""

    def __init__(
        self, binary: Path, directory: Path, *, primaries: int, replicas: bool = False, tls: ServerTls | None = None
    ) -> None:
        count = primaries * (2 if replicas else 1)
        self._tls = tls
        self.servers = [_server(binary, directory / str(number), tls) for number in range(count)]
        self.primaries = self.servers[:primaries]
        self._join()
        for replica, primary in zip(self.servers[primaries:], self.primaries, strict=False):
            wait_until(lambda r=replica, p=primary: _follow(r, p), 20, "a replica")  # type: ignore[misc]
        wait_until(self.is_whole, 30, "a whole cluster")

    @property
    def url(self) -> str:
        scheme, query = ("rediss", self._tls.query) if self._tls else ("redis", "")
        return f"{scheme}+cluster://{','.join(f'127.0.0.1:{server.port}' for server in self.servers)}{query}"

    def owner(self, key: str) -> RedisServer:
        """Return the primary that has the slot of a key now, as it says itself."""
        slot = key_slot(key.encode())
        return next(server for server in self.alive() if _owns(server, slot))

    def alive(self) -> list[RedisServer]:
        return [server for server in self.servers if server.process and server.process.poll() is None]

    def promote_replica_of(self, primary: RedisServer) -> RedisServer:
        """Let its replica take the place of a primary in an orderly way, and return that replica."""
        followed = node_id(primary)
        heir = next(one for one in self.alive() if _itself(one)["master_id"] == followed)
        asked = 0.0

        def promoted() -> bool:
            nonlocal asked
            if "master" in _itself(heir)["flags"]:
                return "slave" in _itself(primary)["flags"]
            if time.monotonic() - asked > FAILOVER_SECONDS:  # Redis gives up after five, and has to be asked again
                asked = time.monotonic()
                _ask(heir, "CLUSTER FAILOVER")
            return False

        wait_until(promoted, 30, "a new primary")
        return heir

    def move_slot(self, key: str, target: RedisServer, *, pause_seconds: float) -> int:
        """Move the slot of a key to another primary, a key at a time as redis-cli does; return how many keys moved."""
        slot, source = key_slot(key.encode()), self.owner(key)
        _ask(target, "CLUSTER SETSLOT", slot, "IMPORTING", node_id(source))
        _ask(source, "CLUSTER SETSLOT", slot, "MIGRATING", node_id(target))
        moved = 0
        while names := _ask(source, "CLUSTER GETKEYSINSLOT", slot, 1):
            _ask(source, "MIGRATE", "127.0.0.1", target.port, names[0], 0, 5000)
            moved += 1
            time.sleep(pause_seconds)
        for server in (target, source, *self.primaries):
            _ask(server, "CLUSTER SETSLOT", slot, "NODE", node_id(target))
        return moved

    def is_whole(self) -> bool:
        return all(
            server.client.cluster("info")["cluster_state"] == "ok"
            and len(_nodes(server)) == len(self.servers)
            and server.client.info("replication").get("master_link_status", "up") == "up"
            for server in self.alive()
        )

    def stop(self) -> None:
        for server in self.servers:
            server.stop()

    def _join(self) -> None:
        share = -(-SLOTS // len(self.primaries))
        for number, primary in enumerate(self.primaries):
            slots = range(number * share, min((number + 1) * share, SLOTS))
            _ask(primary, "CLUSTER ADDSLOTS", *slots)
        for number, server in enumerate(self.servers, 1):
            _ask(server, "CLUSTER SET-CONFIG-EPOCH", number)
            _ask(server, "CLUSTER MEET", "127.0.0.1", self.servers[0].port)
        wait_until(lambda: all(len(_nodes(one)) == len(self.servers) for one in self.servers), 30, "acquaintance")


@contextmanager
def redis_cluster(
    binary: Path, directory: Path, *, primaries: int = 3, replicas: bool = False, tls: ServerTls | None = None
) -> Iterator[RedisCluster]:
    """Run a cluster."""
    cluster = RedisCluster(binary, directory, primaries=primaries, replicas=replicas, tls=tls)
    try:
        yield cluster
    finally:
        cluster.stop()


def node_id(server: RedisServer) -> str:
    return str(_ask(server, "CLUSTER MYID").decode())


def _server(binary: Path, directory: Path, tls: ServerTls | None) -> RedisServer:
    directory.mkdir(parents=True)
    options = ("--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS))
    more = ("--cluster-require-full-coverage", "no", "--maxmemory", "512mb", "--repl-diskless-sync-delay", "0")
    port = next(port for port in iter(free_port, 0) if port + BUS_OFFSET < 2**16)
    encrypted = ("--tls-cluster", "yes") if tls else ()
    return RedisServer(binary, directory, port, options=options + more + encrypted, tls=tls).start()


def _follow(replica: RedisServer, primary: RedisServer) -> bool:
    try:
        return bool(_ask(replica, "CLUSTER REPLICATE", node_id(primary)))
    except Exception:  # noqa: BLE001 - it has not heard of that primary yet
        return False


def _ask(server: RedisServer, *command: Any) -> Any:
    client: Any = server.client
    return client.execute_command(*command)


def _nodes(server: RedisServer) -> dict[str, Any]:
    found: Any = server.client.cluster("nodes")
    return dict(found)


def _itself(server: RedisServer) -> dict[str, Any]:
    [mine] = [node for node in _nodes(server).values() if "myself" in node["flags"]]
    return dict(mine)


def _owns(server: RedisServer, slot: int) -> bool:
    mine = _itself(server)
    return "master" in mine["flags"] and any(int(one[0]) <= slot <= int(one[-1]) for one in mine["slots"])
