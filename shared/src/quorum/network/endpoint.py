"""Where a server is and how to speak to it, read from a URL once: store, broker and message bus are all named so.

redis-py and kombu read URLs differently, so neither is given one that a user wrote: `store.connection` and
`brokers` each make what their library wants from an `Endpoint`. No message shows any part of a URL, since nobody can
tell what part of a malformed one is its password.
"""

import re
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import IPv6Address
from urllib.parse import parse_qsl, unquote

REDIS, CLUSTER, SENTINEL, UNIX, AMQP, MEMORY = "redis", "cluster", "sentinel", "unix", "amqp", "memory"
STORES = (REDIS, CLUSTER, SENTINEL, UNIX)
BROKERS = (REDIS, SENTINEL, UNIX, AMQP, MEMORY, CLUSTER)  # the last is refused with its own words
BUSES = (AMQP, REDIS, SENTINEL, UNIX, MEMORY)
SCHEMES = {
    "redis": (REDIS, False),
    "rediss": (REDIS, True),
    "valkey": (REDIS, False),
    "valkeys": (REDIS, True),
    "unix": (UNIX, False),
    "redis+cluster": (CLUSTER, False),
    "rediss+cluster": (CLUSTER, True),
    "redis+sentinel": (SENTINEL, False),
    "rediss+sentinel": (SENTINEL, True),
    "amqp": (AMQP, False),
    "amqps": (AMQP, True),
    "memory": (MEMORY, False),
}
EXAMPLES = {
    REDIS: "redis://host:6379/0",
    UNIX: "unix:///run/redis.sock?db=0",
    CLUSTER: "redis+cluster://host:6379,host:6379",
    SENTINEL: "redis+sentinel://host:26379,host:26379,host:26379/service/0",
    AMQP: "amqp://host:5672//",
    MEMORY: "memory://",
}
_PORTS = {REDIS: 6379, CLUSTER: 6379, SENTINEL: 26379}
_AMQP_PORTS = {False: 5672, True: 5671}
MAX_DATABASE = 65_535
MAX_SOCKET_PATH_BYTES = 107  # sun_path of Linux, without its end
MAX_HOSTS = 64
_HOST = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,252})")
_SERVICE = re.compile(r"[A-Za-z0-9._-]{1,200}")
_TLS_OPTIONS = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname")
_SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
_RAW = "has / ? or # in its user or password: write these as %2F %3F %23, or give user and password beside the URL"


class MalformedUrlError(ValueError):
    """What is wrong with a URL, in words that go on after its name and show no part of it."""


@dataclass(frozen=True, slots=True)
class Tls:
    """How a server is known: by a certificate of the system's authorities, or of those in the file `ca`."""

    ca: str = ""
    cert: str = ""  # the client's own certificate and key, for servers that ask for one
    key: str = ""
    verify: bool = True
    check_hostname: bool = True

    def or_else(self, other: "Tls") -> "Tls":
        """Return these files, and the other ones where none are named."""
        cert, key = (self.cert, self.key) if self.cert or self.key else (other.cert, other.key)
        return replace(self, ca=self.ca or other.ca, cert=cert, key=key)

    def check_files(self) -> None:
        """Raise MalformedUrlError when a file cannot be used, before any server is asked."""
        if bool(self.cert) != bool(self.key):
            raise MalformedUrlError("names a client certificate without its key, or a key without its certificate")
        context = ssl.create_default_context()
        try:
            if self.ca:
                context.load_verify_locations(self.ca)
        except OSError as error:
            raise MalformedUrlError(
                "needs a file of CA certificates (QUORUM_TLS_CA or ssl_ca_certs) that can be read"
            ) from error
        try:
            if self.cert:
                context.load_cert_chain(self.cert, self.key, password=_refuse_encrypted)
        except (OSError, ValueError) as error:
            raise MalformedUrlError(
                "needs a client certificate (QUORUM_TLS_CERT or ssl_certfile) and its unencrypted key (QUORUM_TLS_KEY "
                "or ssl_keyfile), that can be read and fit together"
            ) from error


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One server, some nodes of a cluster, or the sentinels of a service."""

    kind: str
    hosts: tuple[tuple[str, int], ...] = ()
    database: int = 0  # of Redis
    path: str = ""  # a socket's path, or an AMQP virtual host
    service: str = ""  # what sentinels call the servers that they watch
    tls: Tls | None = None
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    sentinel_username: str = field(default="", repr=False)
    sentinel_password: str = field(default="", repr=False)

    @property
    def host(self) -> str:
        """The first host."""
        return self.hosts[0][0]

    @property
    def port(self) -> int:
        """Its port."""
        return self.hosts[0][1]


def read_endpoint(
    url: str,
    *,
    username: str = "",
    password: str = "",
    sentinel_username: str = "",
    sentinel_password: str = "",
    tls: Tls | None = None,
) -> Endpoint:
    """Return what a URL says, completed by what is told beside it. Raises MalformedUrlError."""
    found = parse_url(url)
    if _differ(username, found.username) or _differ(password, found.password):
        raise MalformedUrlError("has a user or password in it, and another is given beside it: take one away")
    if _differ(sentinel_username, found.sentinel_username) or _differ(sentinel_password, found.sentinel_password):
        raise MalformedUrlError("has the sentinels' user or password in it, and another is given beside it")
    completed = replace(
        found,
        username=found.username or username,
        password=found.password or password,
        tls=found.tls and found.tls.or_else(tls or Tls()),
    )
    if found.kind == SENTINEL:
        completed = replace(
            completed,
            sentinel_username=found.sentinel_username or sentinel_username,
            sentinel_password=found.sentinel_password or sentinel_password,
        )
    if completed.username and not completed.password:
        raise MalformedUrlError("has a user without a password; a password alone is written as redis://:password@host")
    if completed.tls:
        completed.tls.check_files()
    return completed


def _differ(one: str, other: str) -> bool:
    return bool(one and other) and one != other


def parse_url(url: str) -> Endpoint:
    """Return what a URL says by itself; files that it names are not looked at. Raises MalformedUrlError."""
    if not url.isprintable() or " " in url:
        raise MalformedUrlError("has a space or a control character in it: take it out")
    scheme, separator, rest = url.partition("://")
    if not separator or scheme.lower() not in SCHEMES:
        raise MalformedUrlError(f"has an unknown scheme: it must be one of {', '.join(SCHEMES)}")
    kind, encrypted = SCHEMES[scheme.lower()]
    authority, tail = _split(rest)
    credentials, _, hosts = authority.rpartition("@")
    username, _, password = credentials.partition(":")
    path, _, query = tail.partition("?")
    options = _options(query, kind, encrypted=encrypted)
    found = Endpoint(
        kind,
        _hosts(hosts, kind, encrypted=encrypted),
        tls=_tls(options) if encrypted else None,
        username=_unquoted(username),
        password=_unquoted(password),
        sentinel_username=options.get("sentinel_username", ""),
        sentinel_password=options.get("sentinel_password", ""),
    )
    return _with_path(found, path, options.get("db", ""))


def _split(rest: str) -> tuple[str, str]:
    """Return who and where, and what comes after that."""
    end = min((place for sign in "/?#" if (place := rest.find(sign)) >= 0), default=len(rest))
    authority, tail = rest[:end], rest[end:]
    if "@" in tail or "#" in tail:
        raise MalformedUrlError(_RAW)
    return authority, tail


def _unquoted(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        pass  # it holds the password, and would go along with what is raised here
    raise MalformedUrlError("has a user or password that is not UTF-8")


def _options(query: str, kind: str, *, encrypted: bool) -> dict[str, str]:
    known = (
        *(("db",) if kind in {REDIS, UNIX} else ()),
        *(_TLS_OPTIONS if encrypted else ()),
        *(_SENTINEL_OPTIONS if kind == SENTINEL else ()),
    )
    allowed = f"may have no options but {', '.join(known)}" if known else "may have no options after a question mark"
    try:
        pairs = parse_qsl(query, keep_blank_values=True, strict_parsing=True, errors="strict") if query else []
    except ValueError as error:
        raise MalformedUrlError(f"{allowed}, each written as name=value") from error
    if any(name not in known for name, _ in pairs) or len(dict(pairs)) < len(pairs):
        hint = "" if encrypted or kind in {UNIX, MEMORY} else "; those of TLS want rediss:// or amqps://"
        raise MalformedUrlError(f"{allowed}, each once{hint}")
    return dict(pairs)


def _tls(options: Mapping[str, str]) -> Tls:
    required, checked = options.get("ssl_cert_reqs", "required"), options.get("ssl_check_hostname", "true")
    if required not in {"required", "none"} or checked.lower() not in {"true", "false"}:
        raise MalformedUrlError("may have ssl_cert_reqs=required or none, and ssl_check_hostname=true or false")
    verify = required == "required"
    return Tls(
        options.get("ssl_ca_certs", ""),
        options.get("ssl_certfile", ""),
        options.get("ssl_keyfile", ""),
        verify=verify,
        check_hostname=verify and checked.lower() == "true",
    )


def _hosts(text: str, kind: str, *, encrypted: bool) -> tuple[tuple[str, int], ...]:
    if kind in {UNIX, MEMORY}:
        if text:
            raise MalformedUrlError(f"may name no host: write it as {EXAMPLES[kind]}")
        return ()
    default = _AMQP_PORTS[encrypted] if kind == AMQP else _PORTS[kind]
    hosts = tuple(_host(host, default, kind) for host in text.split(","))
    if len(hosts) > (MAX_HOSTS if kind in {CLUSTER, SENTINEL} else 1):
        raise MalformedUrlError(f"names too many hosts: write it as {EXAMPLES[kind]}")
    return hosts


def _host(text: str, default_port: int, kind: str) -> tuple[str, int]:
    name, colon, port = (text, "", "") if text.endswith("]") else text.rpartition(":")
    name, port = (name, port) if colon else (text, str(default_port))
    if name.startswith("[") and name.endswith("]"):
        name = name[1:-1]
        known = _is_ipv6(name)
    else:
        known = bool(_HOST.fullmatch(name))
    if not known or not (port.isascii() and port.isdigit() and len(port) < 6 and 0 < int(port) < 2**16):  # noqa: PLR2004
        raise MalformedUrlError(f"must name host and port as in {EXAMPLES[kind]}, the port from 1 to 65535")
    return name, int(port)


def _is_ipv6(text: str) -> bool:
    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _with_path(found: Endpoint, path: str, database: str) -> Endpoint:
    if found.kind == UNIX:
        return replace(found, path=_socket(path), database=_database(database))
    if found.kind == AMQP:
        return replace(found, path=_unquoted(path[1:]) or "/")
    if found.kind == SENTINEL:
        service, _, of_service = path[1:].partition("/")
        if not _SERVICE.fullmatch(service):
            raise MalformedUrlError(f"must name the service after the sentinels, as in {EXAMPLES[SENTINEL]}")
        return replace(found, service=service, database=_database(of_service))
    if database and path.strip("/"):
        raise MalformedUrlError("names its database twice: as /0 or as ?db=0")
    number = _database(path.strip("/") or database)
    if found.kind == CLUSTER and number:
        raise MalformedUrlError("names a database, and a cluster has none but 0")
    if found.kind == MEMORY and path.strip("/"):
        raise MalformedUrlError(f"may name nothing: write it as {EXAMPLES[MEMORY]}")
    return replace(found, database=number)


def _socket(path: str) -> str:
    socket = _unquoted(path)
    if len(socket) < 2 or not socket.startswith("/"):  # noqa: PLR2004 - a slash and a name
        raise MalformedUrlError(f"must name the socket's whole path, as in {EXAMPLES[UNIX]}")
    if len(socket.encode()) > MAX_SOCKET_PATH_BYTES:
        raise MalformedUrlError(f"names a socket whose path is longer than {MAX_SOCKET_PATH_BYTES} bytes")
    return socket


def _database(text: str) -> int:
    if text and not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= MAX_DATABASE):  # noqa: PLR2004
        raise MalformedUrlError("must name its database by a number, as in redis://host:6379/0")
    return int(text or 0)


def _refuse_encrypted() -> str:
    raise ValueError("the key is encrypted")
