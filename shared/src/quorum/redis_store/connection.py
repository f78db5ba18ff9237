"""Connections to Redis with bounded waiting, and the one place that knows which Redis errors are passing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast
from urllib.parse import urlsplit

from redis import Redis
from redis import exceptions as redis_errors
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from quorum.errors import StoreUnavailable
from quorum.redis_store.cluster import SCHEMES, LazyCluster

API_TIMEOUT_SECONDS = 0.4  # with one retry of a refused connection, an answer comes within a second
WORKER_TIMEOUT_SECONDS = 5.0
POOL_SIZE = 32

_TRANSIENT = (
    redis_errors.ConnectionError,  # refused, reset, loading, pool exhausted
    redis_errors.TimeoutError,
    redis_errors.OutOfMemoryError,
    redis_errors.ReadOnlyError,
    redis_errors.ClusterDownError,
    redis_errors.ClusterError,  # a slot that moved, or moves, on every try
    redis_errors.TryAgainError,
    redis_errors.AskError,
    redis_errors.SlotNotCoveredError,
)
# Redis 6.2 reports an error inside a script as a plain ResponseError whose message holds the code.
_TRANSIENT_CODES = ("OOM ", "READONLY ", "LOADING ", "CLUSTERDOWN ", "MASTERDOWN ", "BUSY ", "NOREPLICAS ", "MISCONF ")


def connect(url: str, timeout_seconds: float) -> Redis:
    """Return a client whose every call ends within about twice `timeout_seconds`.

    A call that was refused or cut off is tried once more; one that timed out is not, since its caller is waiting. In a
    cluster (`redis+cluster://host:port,host:port`) it is, once it is known who has the slot now: so each server that is
    asked on the way gets half the time.
    """
    if urlsplit(url).scheme in SCHEMES:
        return cast(
            "Redis",
            LazyCluster(
                url,
                protocol=2,
                socket_timeout=timeout_seconds / 2,
                socket_connect_timeout=min(timeout_seconds / 2, 1.0),
                socket_keepalive=True,
                max_connections=POOL_SIZE,
            ),
        )
    return Redis.from_url(
        url,
        protocol=2,  # replies have the same shape on every server
        socket_timeout=timeout_seconds,
        socket_connect_timeout=min(timeout_seconds, 1.0),
        socket_keepalive=True,
        health_check_interval=0,
        max_connections=POOL_SIZE,
        retry=Retry(
            ExponentialWithJitterBackoff(base=0.01, cap=0.05), 1, supported_errors=(redis_errors.ConnectionError,)
        ),
    )


def is_transient(error: Exception) -> bool:
    """Tell whether the same call may succeed later."""
    if isinstance(error, (*_TRANSIENT, OSError)):
        return True
    return isinstance(error, redis_errors.ResponseError) and any(code in str(error) for code in _TRANSIENT_CODES)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn a passing Redis error into StoreUnavailable; let any other through."""
    try:
        yield
    except (redis_errors.RedisError, redis_errors.RedisClusterException, OSError) as error:
        if is_transient(error):
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error
        raise
