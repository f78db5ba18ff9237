"""Every setting of quorum, declared once: kind, default, who reads it, and what it means.

To add one, add a field: `docs/settings.md` is made from these (`make generate`), and tests say who must pass it on.
"""

from dataclasses import dataclass
from pathlib import Path

from quorum.access.keys import LEAST_TOKEN_SECRET_BYTES
from quorum.network.addresses import Network
from quorum.network.endpoint import BROKERS, BUSES, CLUSTER, STORES, Endpoint, Tls, read_endpoint
from quorum.network.origins import canonical_origin
from quorum.settings.console import ConsoleSettings
from quorum.settings.declaring import ALL, API, COMMANDS, CONSOLE, STREAM, WORKER, declared_in, setting
from quorum.settings.kinds import (
    USERNAME,
    Choice,
    File,
    Flag,
    Items,
    Password,
    Proxy,
    Secret,
    Text,
    Url,
    Whole,
    matching,
    network,
)

MAX_PARTITIONS = 1024
MAX_PROXY_HOPS = 10
DEFAULT_REDIS_URL = "redis://127.0.0.1:6379/0"
_HOST = r"[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9_-]*[a-z0-9])?)*\.?"


@dataclass(frozen=True, slots=True)
class Settings(ConsoleSettings):
    """How one quorum is set up. Times are in seconds."""

    redis_url: str = setting(
        Url(*STORES), DEFAULT_REDIS_URL, ALL, "the store: [its URL](deployment.md#which-redis-and-how-to-name-it)"
    )
    redis_username: str = setting(USERNAME, "", ALL, "the store's user, unless the URL names one")
    redis_password: str = setting(Password(), "", ALL, "its password, as it is: nothing in it is written otherwise")
    broker_url: str = setting(
        Url(*BROKERS),
        "",
        (API, WORKER),
        "Celery's broker; with a cluster name one Redis or RabbitMQ of its own",
        default_text="as `QUORUM_REDIS_URL`",
    )
    broker_username: str = setting(USERNAME, "", (API, WORKER), "its user; the store's where the broker is the store")
    broker_password: str = setting(Password(), "", (API, WORKER), "its password; the store's where it is the store")
    sentinel_username: str = setting(USERNAME, "", ALL, "the user of sentinels, where they ask for one")
    sentinel_password: str = setting(Password(), "", ALL, "the password of sentinels, where they ask for one")
    tls_ca: Path | None = setting(
        File(),
        None,
        ALL,
        "path of the certificates (PEM) of the authority that store, broker and bus are verified by",
        default_text="those of the system",
    )
    tls_cert: Path | None = setting(File(), None, ALL, "path of a client certificate (PEM), for servers that want one")
    tls_key: Path | None = setting(File(), None, ALL, "path of its key (PEM, unencrypted)")
    namespace: str = setting(
        Text(r"[A-Za-z0-9_.:/@+-]{1,64}", "1 to 64 letters, digits or signs of _.:/@+-"),
        "quorum",
        ALL,
        "first part of every key",
    )
    partitions: int = setting(
        Whole(1, MAX_PARTITIONS),
        1,
        ALL,
        "shares of the data, for a cluster; fixed once there is data; the services refuse to start with another",
    )
    policy_path: Path | None = setting(
        File(),
        None,
        (API, CONSOLE, WORKER, COMMANDS),
        "path of the [policy](policy.md) file; read anew when it changes",
        default_text="the default policy",
        name="QUORUM_POLICY",
    )
    pepper: str = setting(
        Secret(),
        "",
        (API, CONSOLE, COMMANDS),
        "keys the reporters' fingerprints; [how to replace it](security.md)",
        default_text="none; the API needs it",
    )
    pepper_previous: str = setting(
        Secret(),
        "",
        (API, CONSOLE, COMMANDS),
        "the pepper before, while it is [being replaced](security.md): reporters are looked for under both",
    )
    site_key: str = setting(Secret(in_header=True), "", (API, STREAM), "the bearer key of the site's backend")
    token_secret: str = setting(
        Secret(least_bytes=LEAST_TOKEN_SECRET_BYTES),
        "",
        (API, COMMANDS),
        f"signs reporter tokens (HS256, which asks for {LEAST_TOKEN_SECRET_BYTES} bytes or more)",
    )
    token_keys_path: Path | None = setting(
        File(),
        None,
        (API,),
        "path of a JWK Set (RFC 7517) whose keys verify reporter tokens: `oct` (HS256) or `OKP` (EdDSA), each with "
        "`kid`",
        name="QUORUM_TOKEN_KEYS",
    )
    token_audience: str = setting(
        Text(r"\S{1,200}", "1 to 200 characters without spaces"),
        "quorum",
        (API, COMMANDS),
        "the `aud` that tokens must name",
    )
    anonymous: str = setting(
        Choice("auto", "on", "off"),
        "auto",
        (API, COMMANDS),
        "whether readers may report without a token, told apart by their networks: who has a token, too, would "
        "[count more than once](policy.md#one-person-one-report)",
        default_text="`off` with `QUORUM_TOKEN_SECRET` or `QUORUM_TOKEN_KEYS`, else `on`",
    )
    read_access: str = setting(
        Choice("key", "open"), "key", (API, STREAM), "who may read states and events: `key` or `open`"
    )
    events_name_moderators: bool = setting(
        Flag(), False, (API, CONSOLE, COMMANDS), "whether events name who decided; the audit trail always does"
    )
    request_seconds: int = setting(
        Whole(1, 300, "seconds"),
        10,
        (API, CONSOLE, STREAM),
        "a request must be whole, and its answer be taken, within this time; idle connections end after it",
    )
    unfinished_requests: int = setting(
        Whole(1, 10**6, "requests"), 1024, (API,), "requests that one process reads at a time; beyond it 503"
    )
    unfinished_per_address: int = setting(
        Whole(1, 10**6, "requests"), 64, (API,), "the same of one client address; beyond it 429"
    )
    streams: int = setting(
        Whole(1, 10**6, "streams"),
        5000,
        (STREAM,),
        "streams that one process holds open; beyond it 503. Fewer where there are fewer file descriptors",
    )
    streams_per_address: int = setting(
        Whole(1, 10**6, "streams"), 1000, (STREAM,), "the same of one client address; beyond it 429"
    )
    stream_take_seconds: int = setting(
        Whole(1, 3600, "seconds"),
        30,
        (API, STREAM),
        "a reader that has not taken what it was sent by then is cut off, and may go on after its last event",
    )
    stream_inner: str = setting(
        Text(r"\S{1,255}:\d{1,5}", "host:port"),
        "",
        (API,),
        "where `quorum stream --inner-port` listens for the API, which then answers the stream on its port, too",
    )
    proxy_hops: int = setting(
        Whole(0, MAX_PROXY_HOPS), 0, (API, CONSOLE, STREAM), "trusted proxies in front of API and stream, exactly"
    )
    trusted_proxies: tuple[Network, ...] = setting(
        Items(network, "networks", "10.0.0.0/8"),
        (),
        (API, CONSOLE, STREAM),
        "networks of the proxies, separated by commas: a peer outside of them cannot say on whose behalf it asks",
        default_text="any peer, where `QUORUM_PROXY_HOPS` is not 0",
    )
    trusted_hosts: tuple[str, ...] = setting(
        Items(matching(rf"\.?{_HOST}(?::\d{{1,5}})?|\[[0-9a-f:.]+\](?::\d{{1,5}})?"), "host names", "www.example.org"),
        (),
        (API,),
        "Host headers to answer, separated by commas; `.example.org` stands for all names below it",
        default_text="any",
    )
    cors_origins: tuple[str, ...] = setting(
        Items(canonical_origin, "origins", "https://www.example.org"),
        (),
        (API,),
        "origins whose pages may call the API, separated by commas: `https://www.example.org`",
    )
    webhook_networks: tuple[Network, ...] = setting(
        Items(network, "networks", "10.0.0.0/8"),
        (),
        (WORKER,),
        "private networks that webhooks may call, separated by commas",
    )
    webhook_proxy: str = setting(
        Proxy(),
        "",
        (WORKER,),
        "the proxy through which [webhooks](events.md) call, all but those in `QUORUM_WEBHOOK_NETWORKS`",
    )
    bus_url: str = setting(
        Url(*BUSES), "", (WORKER,), "a message bus that gets every event: `amqp://host:5672//` or `amqps://...`"
    )
    bus_username: str = setting(USERNAME, "", (WORKER,), "its user, unless the URL names one")
    bus_password: str = setting(Password(), "", (WORKER,), "its password")
    bus_exchange: str = setting(
        Text(r"[\x21-\x7e]{1,127}", "1 to 127 ASCII characters without spaces"),
        "quorum",
        (WORKER,),
        "its topic exchange",
    )
    journal_reports: int = setting(
        Whole(0, 10**8, "reports"),
        100_000,
        (WORKER,),
        "the last reports of a partition that are kept for `quorum policy simulate`, about 100 bytes each; 0: none",
    )
    inbox_limit: int = setting(
        Whole(1, 10**9, "reports"),
        2_000_000,
        (API,),
        "reports waiting per partition; at the ceiling intake answers 503",
    )
    event_retention_seconds: int = setting(
        Whole(1, 10**9, "seconds"), 30 * 86400, (WORKER,), "how long events are kept"
    )
    backup_days: int = setting(
        Whole(1, 3650, "days"),
        35,
        (WORKER, COMMANDS),
        "how long your backups live: who was erased is remembered for as long, and no older backup is read back",
    )
    erasures_path: Path | None = setting(
        File(),
        None,
        (COMMANDS,),
        "a file beside the data, where `quorum forget` keeps who was erased and `quorum restore` finds it",
        name="QUORUM_ERASURES",
    )
    sweep_seconds: float = setting(
        Whole(1, 60, "seconds"), 2, (WORKER,), "at most this long between two sweeps of a worker"
    )
    demo: bool = setting(
        Flag(), False, (API,), "serves `/demo`, which hands out reporter tokens to everybody: for trials only"
    )
    log_format: str = setting(Choice("json", "text"), "json", ALL, "a JSON object a line on standard error, or `text`")
    log_level: str = setting(
        Choice("info", "debug", "warning", "error"), "info", ALL, "`debug`, `info`, `warning` or `error`"
    )

    @property
    def takes_anonymous(self) -> bool:
        """Tell whether readers may report without a token."""
        if self.anonymous == "auto":
            return not (self.token_secret or self.token_keys_path)
        return self.anonymous == "on"

    @property
    def in_cluster(self) -> bool:
        """Tell whether the store is a Redis Cluster."""
        return self.store.kind == CLUSTER

    @property
    def store(self) -> Endpoint:
        """Where the store is. Raises MalformedUrlError."""
        return self._endpoint(self.redis_url, self.redis_username, self.redis_password)

    @property
    def broker(self) -> Endpoint:
        """Where Celery's broker is. Raises MalformedUrlError."""
        return self._endpoint(self.broker_url or self.redis_url, self.broker_username, self.broker_password)

    @property
    def bus(self) -> Endpoint | None:
        """Where the message bus is, if there is one. Raises MalformedUrlError."""
        return self._endpoint(self.bus_url, self.bus_username, self.bus_password) if self.bus_url else None

    def _endpoint(self, url: str, username: str, password: str) -> Endpoint:
        return read_endpoint(
            url,
            username=username,
            password=password,
            sentinel_username=self.sentinel_username,
            sentinel_password=self.sentinel_password,
            tls=Tls(str(self.tls_ca or ""), str(self.tls_cert or ""), str(self.tls_key or "")),
        )


SETTINGS = declared_in(Settings)
