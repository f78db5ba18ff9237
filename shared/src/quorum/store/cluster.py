"""A Redis Cluster in the place of one server, for who needs more than one core of Redis.

redis-py's own client finds the server of each key. Every partition is one slot (`keys.py`), so scripts and transactions
stay on one server; what is asked of the servers themselves is asked of each (`servers`).

A script makes up the names of bucket keys, which Redis Cluster does not see. It declares their prefix instead, which is
never a key: while its slot moves to another server, Redis answers TRYAGAIN to whoever names a key that is not there. So
a script runs whole or not at all then, too (tests/faults/redis/test_redis_cluster.py).
"""

import re
from collections.abc import Iterator, Sequence
from threading import Lock
from time import monotonic
from typing import Any, Self, cast

from redis import Redis
from redis import exceptions as redis_errors
from redis.backoff import ConstantBackoff
from redis.cluster import ClusterNode, ClusterPipeline, RedisCluster
from redis.retry import Retry

UNREACHABLE_SECONDS = 0.5  # how long nobody tries again to find the cluster


class LazyCluster:
    """A cluster's client that looks for the cluster when it is first used, in the process that uses it.

    Any of the `nodes` (host and port) tells about all others.
    """

    def __init__(self, nodes: Sequence[tuple[str, int]], **options: Any) -> None:
        self._nodes = nodes
        self._options = options
        self._lock = Lock()
        self._client: Any = None
        self._failed: tuple[float, redis_errors.ConnectionError] | None = None

    def found(self) -> Any:
        """Return the client. Raises redis' ConnectionError, at once when somebody has just tried in vain."""
        if self._client is None:
            with self._lock:
                if self._client is None:
                    self._client = self._find()
        return self._client

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.found().close()

    def pipeline(self, transaction: bool = True) -> Any:  # noqa: FBT001, FBT002 - as of Redis
        """Return a pipeline that repeats failed commands only within the time that one call has.

        redis-py repeats each by itself: a thousand look-ups would wait a thousand times for a server that hangs.
        """
        pipe = self.found().pipeline(transaction=transaction)
        repeat, deadline = pipe.parent_execute_command, monotonic() + self._options["socket_timeout"]

        def repeat_in_time(*command: Any, **options: Any) -> Any:
            if monotonic() > deadline:
                raise redis_errors.TimeoutError("no time is left to try again")
            return repeat(*command, **options)

        pipe.parent_execute_command = repeat_in_time
        return pipe

    def __getattr__(self, name: str) -> Any:
        return getattr(self.found(), name)

    def _find(self) -> RedisCluster:
        if self._failed and monotonic() < self._failed[0]:
            raise self._failed[1]
        try:
            node: Any = ClusterNode
            return RedisCluster(
                startup_nodes=[node(host, port) for host, port in self._nodes],
                require_full_coverage=False,  # a slot without a server is an error of its partition alone
                reinitialize_steps=0,  # a moved slot is noted; only a lost connection asks who has which slots
                retry=Retry(ConstantBackoff(0), 1),
                **self._options,
            )
        except (redis_errors.RedisClusterException, redis_errors.ConnectionError) as error:
            failed = redis_errors.ConnectionError(f"no node of the cluster answers: {error}")
            self._failed = (monotonic() + UNREACHABLE_SECONDS, failed)
            raise failed from error


def is_cluster(client: Redis) -> bool:
    """Tell whether the keys of partitions may be on different servers."""
    untyped: Any = client  # `connect` passes it off as a Redis
    return isinstance(untyped, LazyCluster)


def servers(client: Redis) -> list[Redis]:
    """Return a client of each server that takes writes, to ask it about itself: one, but for a cluster."""
    if not is_cluster(client):
        return [client]
    cluster = cast("Any", client).found()
    return [cast("Redis", cluster.get_redis_connection(node)) for node in cluster.get_primaries()]


def names_under(client: Redis, namespace: bytes) -> set[bytes]:
    """Return the names of all keys of a namespace's partitions, whatever its characters mean to Redis' patterns."""
    pattern = re.sub(rb"([\\*?\[\]^])", rb"\\\1", namespace) + b":{*"
    found: set[bytes] = set()  # Redis may tell a name twice
    for server in servers(client):
        found.update(cast("Iterator[bytes]", server.scan_iter(pattern, count=10_000)))
    return found


def one_key_of_each_server(client: Redis, keys: list[str]) -> list[tuple[Redis, str]]:
    """Return each server that has some of the keys, with one of those: one, but for a cluster."""
    if not is_cluster(client):
        return [(client, keys[0])]
    cluster = cast("Any", client).found()
    by_server = {node: key for key in reversed(keys) if (node := cluster.get_node_from_key(key))}
    return [(cast("Redis", cluster.get_redis_connection(node)), key) for node, key in by_server.items()]


def disconnect(client: Redis) -> None:
    """Give up the connections; the next use makes new ones."""
    for server in servers(client):
        server.connection_pool.disconnect()


def ask_time(pipe: Any, key: str) -> None:
    """Ask, in a pipeline, for the time of the server that has `key`; `in_ms` reads the answer."""
    cluster: Any = pipe  # its class is half typed
    if isinstance(pipe, ClusterPipeline):
        cluster.execute_command("TIME", target_nodes=cluster.get_node_from_key(key))
    else:
        pipe.time()


def in_ms(answer: Any) -> int:
    """Return an answer to TIME in Unix ms."""
    seconds, micros = answer
    return int(seconds) * 1000 + int(micros) // 1000


def time_ms(client: Any, key: str) -> int:
    """Return the time of the server that has `key`, Unix ms: servers may differ, and everything goes by theirs."""
    if not is_cluster(client):
        return in_ms(client.time())
    return in_ms(client.execute_command("TIME", target_nodes=client.get_node_from_key(key)))
