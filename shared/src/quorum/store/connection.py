"""Connections to Redis with bounded waiting, and the one place that knows which Redis errors are passing."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from redis import Redis
from redis import exceptions as redis_errors
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry
from redis.sentinel import MasterNotFoundError, Sentinel

from quorum.errors import CommandDenied, CredentialsRefused, SettingsError, StoreUnavailable
from quorum.network.endpoint import CLUSTER, SENTINEL, STORES, UNIX, Endpoint, MalformedUrlError, Tls, read_endpoint
from quorum.store.cluster import LazyCluster
from quorum.store.denials import denied

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


def connect(server: Endpoint | str, timeout_seconds: float) -> Redis:
    """Return a client whose every call ends within about twice `timeout_seconds`. Raises SettingsError for a bad URL.

    A call that was refused or cut off is tried once more; one that timed out is not, since its caller is waiting. In a
    cluster it is, once it is known who has the slot now; and sentinels are asked first who takes writes: so each server
    that is asked on the way gets half the time.
    """
    endpoint = read_store(server) if isinstance(server, str) else server
    if endpoint.kind == CLUSTER:
        return cast("Redis", LazyCluster(endpoint.hosts, **_options(endpoint, timeout_seconds / 2)))
    options: dict[str, Any] = {
        **_options(endpoint, timeout_seconds),
        "db": endpoint.database,
        "retry": Retry(
            ExponentialWithJitterBackoff(base=0.01, cap=0.05), 1, supported_errors=(redis_errors.ConnectionError,)
        ),
    }
    if endpoint.kind == SENTINEL:
        return _found_by_sentinels(endpoint, options, timeout_seconds / 2)
    if endpoint.kind == UNIX:
        return Redis(unix_socket_path=endpoint.path, **options)
    return Redis(host=endpoint.host, port=endpoint.port, **options)


def read_store(url: str) -> Endpoint:
    """Return where a Redis is. Raises SettingsError."""
    try:
        endpoint = read_endpoint(url)
    except MalformedUrlError as error:
        raise SettingsError(f"the URL of Redis {error}") from error
    if endpoint.kind not in STORES:
        raise SettingsError("the URL of Redis names a server of another kind")
    return endpoint


def _options(endpoint: Endpoint, timeout_seconds: float) -> dict[str, Any]:
    """Return what holds for every server of an endpoint."""
    return {
        "username": endpoint.username or None,
        "password": endpoint.password or None,
        "protocol": 2,  # replies have the same shape on every server
        "socket_timeout": timeout_seconds,
        "socket_connect_timeout": min(timeout_seconds, 1.0),
        "socket_keepalive": True,
        "health_check_interval": 0,
        "max_connections": POOL_SIZE,
        **_tls_options(endpoint.tls),
    }


def _tls_options(tls: Tls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    return {
        "ssl": True,
        "ssl_ca_certs": tls.ca or None,
        "ssl_certfile": tls.cert or None,
        "ssl_keyfile": tls.key or None,
        "ssl_cert_reqs": "required" if tls.verify else "none",
        "ssl_check_hostname": tls.check_hostname,
    }


def _found_by_sentinels(endpoint: Endpoint, options: dict[str, Any], timeout_seconds: float) -> Redis:
    """Return a client that asks the sentinels, at each new connection, which server takes writes."""
    untyped: Any = Sentinel
    sentinels = untyped(
        endpoint.hosts,
        sentinel_kwargs={
            "username": endpoint.sentinel_username or None,
            "password": endpoint.sentinel_password or None,
            "protocol": 2,
            "socket_timeout": timeout_seconds,
            "socket_connect_timeout": timeout_seconds,
            "retry": Retry(NoBackoff(), 0),
            **_tls_options(endpoint.tls),
        },
    )
    return cast("Redis", sentinels.master_for(endpoint.service, **options))


def is_transient(error: Exception) -> bool:
    """Tell whether the same call may succeed later."""
    if isinstance(error, (*_TRANSIENT, OSError)):
        return True
    return isinstance(error, redis_errors.ResponseError) and any(code in str(error) for code in _TRANSIENT_CODES)


@contextmanager
def translated_errors() -> Iterator[None]:
    """Turn a passing Redis error into StoreUnavailable, a denied command into CommandDenied; let any other through.

    A refused user or password is CredentialsRefused, which is passing, too: passwords are changed while services run.
    """
    try:
        yield
    except (redis_errors.RedisError, redis_errors.RedisClusterException, OSError) as error:
        command = denied(error)
        if command:
            raise CommandDenied(command) from error
        if isinstance(error, redis_errors.AuthenticationError):
            raise CredentialsRefused(str(error)) from error
        if isinstance(error, MasterNotFoundError):
            raise StoreUnavailable("no sentinel names a server that takes writes") from error
        if is_transient(error):
            raise StoreUnavailable(f"{type(error).__name__}: {error}") from error
        raise
