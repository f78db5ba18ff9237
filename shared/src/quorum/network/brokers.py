"""What kombu and Celery need in order to reach a broker or bus: an endpoint in their words.

Left to itself, kombu hands its password to any server of `rediss://`, verified or not. So it is told here what to
verify, always.
"""

import ssl
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from redis.backoff import NoBackoff
from redis.retry import Retry

from quorum.network.endpoint import AMQP, MEMORY, REDIS, SENTINEL, UNIX, Endpoint, Tls

ON_REDIS = (REDIS, SENTINEL, UNIX)
SENTINEL_TIMEOUT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Address:
    """An endpoint as kombu's Connection takes it: `ssl` is False, or a dict of the transport's own words."""

    url: str = field(repr=False)
    ssl: dict[str, Any] | bool = False
    transport_options: dict[str, Any] = field(default_factory=dict, repr=False)


def kombu_address(endpoint: Endpoint) -> Address:
    """Return where kombu finds an endpoint, and how it verifies it."""
    who = _who(endpoint)
    if endpoint.kind == MEMORY:
        return Address("memory://")
    if endpoint.kind == UNIX:
        return Address(f"redis+socket://{who}{quote(endpoint.path)}?virtual_host={endpoint.database}")
    if endpoint.kind == AMQP:
        url = f"amqp://{who}{_host(endpoint.host)}:{endpoint.port}/{quote(endpoint.path, safe='')}"
        return Address(url, _amqp_tls(endpoint) or False)
    tls = _redis_tls(endpoint.tls)
    if endpoint.kind == SENTINEL:
        nodes = (f"sentinel://{who}{_host(host)}:{port}/{endpoint.database}" for host, port in endpoint.hosts)
        return Address(";".join(nodes), tls or False, _sentinel_options(endpoint, tls))
    return Address(f"redis://{who}{_host(endpoint.host)}:{endpoint.port}/{endpoint.database}", tls or False)


def _who(endpoint: Endpoint) -> str:
    if not endpoint.username and not endpoint.password:
        return ""
    return f"{quote(endpoint.username, safe='')}:{quote(endpoint.password, safe='')}@"


def _host(name: str) -> str:
    return f"[{name}]" if ":" in name else name


def _amqp_tls(endpoint: Endpoint) -> dict[str, Any]:
    tls = endpoint.tls
    if tls is None:
        return {}
    files = {"ca_certs": tls.ca, "certfile": tls.cert, "keyfile": tls.key}
    return {
        "cert_reqs": ssl.CERT_REQUIRED if tls.verify else ssl.CERT_NONE,
        "server_hostname": endpoint.host if tls.check_hostname else None,
        **{name: path for name, path in files.items() if path},
    }


def _redis_tls(tls: Tls | None) -> dict[str, Any]:
    if tls is None:
        return {}
    return {
        "ssl_cert_reqs": ssl.CERT_REQUIRED if tls.verify else ssl.CERT_NONE,
        "ssl_check_hostname": tls.check_hostname,
        "ssl_ca_certs": tls.ca or None,
        "ssl_certfile": tls.cert or None,
        "ssl_keyfile": tls.key or None,
    }


def _sentinel_options(endpoint: Endpoint, tls: dict[str, Any]) -> dict[str, Any]:
    return {
        "master_name": endpoint.service,
        "sentinel_kwargs": {
            "username": endpoint.sentinel_username or None,
            "password": endpoint.sentinel_password or None,
            "socket_timeout": SENTINEL_TIMEOUT_SECONDS,
            "socket_connect_timeout": SENTINEL_TIMEOUT_SECONDS,
            "retry": Retry(NoBackoff(), 0),  # the next sentinel is asked instead
            **({"ssl": True, **tls} if tls else {}),
        },
    }
