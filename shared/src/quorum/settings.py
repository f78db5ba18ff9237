"""Every setting of quorum, read from the environment once, each with its unit and default.

A secret may also be given as a file: QUORUM_PEPPER_FILE=/run/secrets/pepper stands for QUORUM_PEPPER.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

from quorum.errors import SettingsError

MIN_SECRET_CHARACTERS = 16
MAX_PARTITIONS = 1024
MAX_PROXY_HOPS = 10
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(?::\d{1,5})?|https?://\[[0-9a-f:]+\](?::\d{1,5})?")
_NODES = re.compile(r"(?:[^,:\[\]]+|\[[0-9a-f:]+\])(?::\d{1,5})?(?:,(?:[^,:\[\]]+|\[[0-9a-f:]+\])(?::\d{1,5})?)*")
_SCHEMES = frozenset(("redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "amqp", "amqps", "memory"))
READ_ACCESS = ("key", "open")  # the first of each is the default
LOG_FORMATS = ("json", "text")
LOG_LEVELS = ("info", "debug", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """How one quorum is set up. Times are in seconds."""

    redis_url: str
    broker_url: str
    namespace: str = "quorum"  # first part of every key
    partitions: int = 1  # fixed once data exists
    policy_path: Path | None = None  # None: the default policy
    pepper: str = ""  # keys the reporters' fingerprints
    pepper_previous: str = ""  # the pepper before, while reporters are moved to the new one
    site_key: str = ""  # bearer key of the site's backend
    token_secret: str = ""  # signs reporter tokens (HS256)
    token_keys_path: Path | None = None  # a JWK Set that verifies reporter tokens
    token_audience: str = "quorum"  # noqa: S105 - a name, not a secret
    read_access: str = "key"  # who may read states and events: bearers of a key, or anyone
    proxy_hops: int = 0  # trusted reverse proxies in front of the API, exactly
    trusted_hosts: tuple[str, ...] = ()  # Host headers to answer; empty: any
    cors_origins: tuple[str, ...] = ()  # origins whose pages may call the API from a browser
    webhook_networks: tuple[IPv4Network | IPv6Network, ...] = ()  # private networks that webhooks may call
    bus_url: str = ""  # where events are published as well
    bus_exchange: str = "quorum"
    journal_reports: int = 100_000  # per partition, for simulations; 0: none is kept
    inbox_limit: int = 2_000_000  # reports per partition; at the ceiling intake answers 503
    event_retention_seconds: int = 30 * 86400
    sweep_seconds: float = 2.0  # at most, between two sweeps of one worker
    demo: bool = False  # serve /demo
    log_format: str = "json"
    log_level: str = "info"

    @property
    def in_cluster(self) -> bool:
        """Tell whether the store is a Redis Cluster."""
        return urlsplit(self.redis_url).scheme.endswith("+cluster")


def read_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Return the settings that the environment states. Raises SettingsError naming the variable and the fix."""
    env = _Environment(os.environ if environ is None else environ)
    redis_url = env.url("QUORUM_REDIS_URL", "redis://127.0.0.1:6379/0")
    defaults = Settings(redis_url="", broker_url="")
    policy = env.text("QUORUM_POLICY", "")
    token_keys = env.text("QUORUM_TOKEN_KEYS", "")
    return Settings(
        log_format=env.one_of("QUORUM_LOG_FORMAT", LOG_FORMATS),
        log_level=env.one_of("QUORUM_LOG_LEVEL", LOG_LEVELS),
        redis_url=redis_url,
        broker_url=env.url("QUORUM_BROKER_URL", redis_url),
        namespace=env.text("QUORUM_NAMESPACE", defaults.namespace),
        partitions=env.whole("QUORUM_PARTITIONS", defaults.partitions, 1, MAX_PARTITIONS),
        policy_path=Path(policy) if policy else None,
        pepper=env.secret("QUORUM_PEPPER"),
        pepper_previous=env.secret("QUORUM_PEPPER_PREVIOUS"),
        site_key=env.secret("QUORUM_SITE_KEY"),
        token_secret=env.secret("QUORUM_TOKEN_SECRET"),
        token_keys_path=Path(token_keys) if token_keys else None,
        token_audience=env.text("QUORUM_TOKEN_AUDIENCE", defaults.token_audience),
        read_access=env.one_of("QUORUM_READ_ACCESS", READ_ACCESS),
        proxy_hops=env.whole("QUORUM_PROXY_HOPS", defaults.proxy_hops, 0, MAX_PROXY_HOPS),
        trusted_hosts=tuple(filter(None, env.text("QUORUM_TRUSTED_HOSTS", "").split(","))),
        cors_origins=env.origins("QUORUM_CORS_ORIGINS"),
        webhook_networks=env.networks("QUORUM_WEBHOOK_NETWORKS"),
        bus_url=env.secret_file("QUORUM_BUS_URL") or env.text("QUORUM_BUS_URL", ""),
        bus_exchange=env.text("QUORUM_BUS_EXCHANGE", defaults.bus_exchange),
        journal_reports=env.whole("QUORUM_JOURNAL_REPORTS", defaults.journal_reports, 0, 10**8),
        inbox_limit=env.whole("QUORUM_INBOX_LIMIT", defaults.inbox_limit, 1, 10**9),
        event_retention_seconds=env.whole("QUORUM_EVENT_RETENTION_SECONDS", defaults.event_retention_seconds, 1, 10**9),
        sweep_seconds=env.whole("QUORUM_SWEEP_SECONDS", int(defaults.sweep_seconds), 1, 60),
        demo=env.text("QUORUM_DEMO", "0") == "1",
    )


class _Environment:
    """Typed access to environment variables."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables

    def text(self, name: str, default: str) -> str:
        return self._variables.get(name) or default

    def one_of(self, name: str, values: tuple[str, ...]) -> str:
        value = self.text(name, values[0])
        if value not in values:
            raise SettingsError(f"{name} must be one of {', '.join(values)}, not {value!r}")
        return value

    def whole(self, name: str, default: int, low: int, high: int) -> int:
        raw = self.text(name, str(default))
        if not raw.isascii() or not raw.isdigit() or not low <= int(raw) <= high:
            raise SettingsError(f"{name} must be a whole number from {low} to {high}, not {raw!r}")
        return int(raw)

    def url(self, name: str, default: str) -> str:
        raw = self.secret_file(name) or self.text(name, default)
        scheme = urlsplit(raw).scheme
        if scheme.endswith("+cluster") and name == "QUORUM_BROKER_URL":
            raise SettingsError(
                f"{name} must name one Redis or RabbitMQ of its own: Celery cannot use a Redis Cluster as its broker"
            )
        if scheme not in _SCHEMES:
            raise SettingsError(f"{name} must be a URL such as redis://host:6379/0, and its scheme is not one of those")
        if scheme.endswith("+cluster") and not _NODES.fullmatch(urlsplit(raw).netloc.rpartition("@")[2]):
            raise SettingsError(f"{name} must name nodes of the cluster: redis+cluster://host:port,host:port")
        return raw

    def origins(self, name: str) -> tuple[str, ...]:
        origins = tuple(filter(None, (origin.strip() for origin in self.text(name, "").split(","))))
        for origin in origins:
            if not _ORIGIN.fullmatch(origin):
                raise SettingsError(f"{name} must hold origins such as https://www.example.org, not {origin!r}")
        return origins

    def networks(self, name: str) -> tuple[IPv4Network | IPv6Network, ...]:
        try:
            return tuple(ip_network(text.strip()) for text in self.text(name, "").split(",") if text.strip())
        except ValueError as error:
            raise SettingsError(
                f"{name} must hold networks such as 10.0.0.0/8, separated by commas: {error}"
            ) from error

    def secret(self, name: str) -> str:
        value = self.secret_file(name) or self.text(name, "")
        if value and len(value) < MIN_SECRET_CHARACTERS:
            raise SettingsError(f"{name} must have at least {MIN_SECRET_CHARACTERS} characters")
        return value

    def secret_file(self, name: str) -> str:
        path = self._variables.get(f"{name}_FILE")
        if not path:
            return ""
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SettingsError(f"{name}_FILE names {path}, which cannot be read: {error.strerror}") from error
