"""How the Redis server itself is set up, as far as it matters to quorum."""

from collections.abc import Iterator

from redis import Redis

from quorum.errors import CommandDenied, StoreUnavailable
from quorum.store.cluster import is_cluster, servers
from quorum.store.connection import translated_errors

OLDEST_SERVER = (6, 2)


def server_findings(client: Redis) -> Iterator[tuple[str, str]]:
    """Yield (level, text) for version, persistence, eviction and memory; level is ok, warn or fail.

    Of a cluster each server that takes writes is asked, and the texts name it.
    """
    with translated_errors():
        asked = servers(client)
    if not is_cluster(client):
        yield from _findings(client)
        return
    for server in asked:
        name = _address(server)
        try:
            yield from ((level, f"{name}: {text}") for level, text in _findings(server))
        except StoreUnavailable as error:
            yield "fail", f"{name}: this server of the cluster does not answer, and its partitions wait: {error}"


def _address(server: Redis) -> str:
    where = server.connection_pool.connection_kwargs
    return f"{where['host']}:{where['port']}"


def _findings(client: Redis) -> Iterator[tuple[str, str]]:
    try:
        with translated_errors():
            info = client.info()
    except CommandDenied:
        yield (
            "warn",
            "Redis does not permit INFO: see to it that it keeps an append-only file and evicts nothing",
        )
        return
    if "redis_version" not in info:
        yield "warn", "Redis does not say its version, nor how it keeps data"
        return
    version = str(info["redis_version"])
    if tuple(map(int, version.split(".")[:2])) < OLDEST_SERVER:
        yield "fail", f"Redis {version} is too old: 6.2 or newer is needed"
    else:
        yield "ok", f"Redis {version} answers"
    if not info.get("aof_enabled"):
        yield "fail", "Redis keeps no append-only file: a restart loses accepted reports; set `appendonly yes`"
    elif info.get("aof_last_write_status") != "ok":
        yield "fail", "Redis cannot write its append-only file: look at the disk and at the server's log"
    policy = info.get("maxmemory_policy")
    if policy != "noeviction":
        yield "fail", f"Redis may evict reports (maxmemory-policy {policy}); set `maxmemory-policy noeviction`"
    if not info.get("maxmemory"):
        yield (
            "warn",
            "Redis has no memory limit: set `maxmemory`, so that a full server refuses instead of being killed",
        )
    else:
        used, limit = int(info["used_memory"]), int(info["maxmemory"])
        yield ("fail" if used > 0.9 * limit else "ok"), f"Redis uses {used / 2**20:.0f} of {limit / 2**20:.0f} MiB"
    if info.get("role") != "master":
        yield "fail", "this Redis is a replica: it takes no writes; point QUORUM_REDIS_URL at the primary"
    yield from _hash_encoding(client)


def _hash_encoding(client: Redis) -> Iterator[tuple[str, str]]:
    """Tally records are kept in small hashes; with Redis' own limits they take about twice the memory."""
    try:
        with translated_errors():
            value = client.config_get("hash-max-ziplist-value").get("hash-max-ziplist-value")
    except CommandDenied:
        return  # a managed Redis may forbid CONFIG
    if value is not None and int(value) < 256:  # noqa: PLR2004 - about ten reporters
        yield "warn", f"hash-max-ziplist-value is {value}: set it to 512 to save memory (docs/capacity.md)"
