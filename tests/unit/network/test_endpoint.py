"""What a URL of a server says, to redis-py and to kombu alike; and that no part of its password is ever shown."""

import ssl
from collections.abc import Callable
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from kombu import Connection
from kombu.utils.url import url_to_parts

from quorum.errors import SettingsError
from quorum.network.brokers import kombu_address
from quorum.network.endpoint import BROKERS, SCHEMES, MalformedUrlError, parse_url, read_endpoint
from quorum.settings import read_settings
from quorum.store.connection import connect

HOSTS = {"cluster": "one:1,two:2", "sentinel": "one:1,two:2", "unix": "", "memory": ""}
PATHS = {"sentinel": "/service/3", "unix": "/a/socket", "redis": "/3", "amqp": "/site"}
# Nothing that the messages' own words hold four in a row of.
PASSWORDS = some.text("BCDFGHJKXZ" + "/?#@:%[]&=+;,\\ \u00e9\u4e2d\u0661", min_size=4, max_size=40)


def url_of(scheme: str, who: str = "", *, query: str = "") -> str:
    kind, _ = SCHEMES[scheme]
    return f"{scheme}://{who}{HOSTS.get(kind, 'host:1')}{PATHS.get(kind, '')}{query}"


def shows(text: str, secret: str) -> bool:
    return any(secret[start : start + 4] in text for start in range(len(secret) - 3))


def told(act: Callable[[], object]) -> str:
    """Return all that is said when an act is tried: its error, and what caused that, or how its result looks."""
    try:
        return repr(act())
    except Exception as error:  # noqa: BLE001 - whatever it is
        said, cause = "", error
        while cause:
            said += f"{cause!r} {cause} "
            cause = cause.__cause__ or cause.__context__  # type: ignore[assignment]
        return said


@pytest.mark.slow
@settings(deadline=None)
@given(some.sampled_from(sorted(SCHEMES)), PASSWORDS)
def test_no_message_shows_a_part_of_a_password_however_it_is_written(scheme: str, password: str) -> None:
    for written in (password, quote(password, safe="")):
        url = url_of(scheme, f"user:{written}@")
        for variables in (
            {"QUORUM_REDIS_URL": url},
            {"QUORUM_BROKER_URL": url},
            {"QUORUM_BUS_URL": url},
            {"QUORUM_REDIS_URL": url, "QUORUM_REDIS_PASSWORD": "another"},
            {"QUORUM_REDIS_URL": url, "QUORUM_TLS_CA": "/none"},
            {"QUORUM_REDIS_PASSWORD": password, "QUORUM_REDIS_URL": "redis+sentinel://one"},
        ):
            assert not shows(told(lambda v=variables: read_settings(v)), password)  # type: ignore[misc]
        assert not shows(told(lambda u=url: connect(u, 1.0)), password)  # type: ignore[misc]
        assert not shows(told(lambda u=url: read_endpoint(u)), password)  # type: ignore[misc]
        assert not shows(told(lambda u=url: kombu_address(read_endpoint(u))), password)  # type: ignore[misc]


@settings(deadline=None)
@given(some.sampled_from(sorted(SCHEMES.keys() - {"memory"})), PASSWORDS.filter(lambda text: text.isprintable()))
def test_an_escaped_password_and_one_beside_the_url_come_to_the_same(scheme: str, password: str) -> None:
    within = read_endpoint(url_of(scheme, f"user:{quote(password, safe='')}@"))
    beside = read_endpoint(url_of(scheme), username="user", password=password)
    assert within == beside
    assert (within.username, within.password) == ("user", password)
    if within.kind in BROKERS and within.kind != "cluster":
        address = kombu_address(within)
        assert not shows(Connection(address.url, ssl=address.ssl).as_uri(), password)
        for node in address.url.split(";"):
            read = url_to_parts(node.replace("redis+socket", "socket"))
            assert (read.username, read.password) == ("user", password)


@pytest.mark.parametrize(
    "url",
    [
        *("redis://", "redis://:1", "redis://a:b", "redis://a:0", "redis://a:65536", "redis://a:1/x", "redis://a:1/-1"),
        *("redis://a b:1", "redis://a:1/0?db=1", "redis://a:1?timeout=1", "redis://a:1?db", "redis://a:1?db=1&db=2"),
        *("redis://a:1?ssl_cert_reqs=none", "redis://user@a:1", "redis://a,b", "redis://[::1", "redis://[x]:1"),
        *("rediss://a?ssl_cert_reqs=optional", "rediss://a?ssl_check_hostname=2", "http://a", "a:6379", "", "://"),
        *("unix://a/b", "unix://", "unix:///", "unix:///" + "x" * 107, "unix:///a?db=x", "redis://a:1#0"),
        *("redis+cluster://a,,b", "redis+cluster://", "redis+cluster://a/1", "redis+cluster://a:x"),
        *("redis+sentinel://a", "redis+sentinel://a/", "redis+sentinel://a/s/x", "redis+sentinel://a/s/0/1"),
        *("amqp://", "amqp://a,b", "amqp://a?heartbeat=1", "memory://a", "memory:///1", "redis://a\n", "redis://é"),
    ],
)
def test_a_malformed_url_is_refused_in_words(url: str) -> None:
    with pytest.raises(MalformedUrlError) as error:
        read_endpoint(url)
    assert str(error.value).startswith(("has ", "may ", "must ", "names "))
    with pytest.raises(SettingsError):
        connect(url, 1.0)


@pytest.mark.parametrize(
    ("url", "hosts", "database"),
    [
        ("redis://a", (("a", 6379),), 0),
        ("valkey://a/", (("a", 6379),), 0),
        ("REDIS://a:1/15", (("a", 1),), 15),
        ("redis://a?db=2", (("a", 6379),), 2),
        ("redis://[::1]:7/2", (("::1", 7),), 2),
        ("redis://[::1]", (("::1", 6379),), 0),
        ("redis+cluster://a,b:7,[::1]:8", (("a", 6379), ("b", 7), ("::1", 8)), 0),
        ("redis+sentinel://a,b:7/my-service", (("a", 26379), ("b", 7)), 0),
        ("rediss+sentinel://a/my.service/4", (("a", 26379),), 4),
        ("unix:///run/r.sock?db=3", (), 3),
        ("amqp://a", (("a", 5672),), 0),
        ("amqps://a", (("a", 5671),), 0),
    ],
)
def test_hosts_ports_and_database_are_read(url: str, hosts: tuple[tuple[str, int], ...], database: int) -> None:
    found = read_endpoint(url)
    assert (found.hosts, found.database) == (hosts, database)


@pytest.mark.parametrize(("url", "vhost"), [("amqp://a", "/"), ("amqp://a//", "/"), ("amqp://a/x%2Fy", "x/y")])
def test_a_virtual_host_reaches_kombu(url: str, vhost: str) -> None:
    assert read_endpoint(url).path == vhost
    assert url_to_parts(kombu_address(read_endpoint(url)).url).path == vhost


@pytest.mark.parametrize("scheme", sorted(name for name, (_, encrypted) in SCHEMES.items() if encrypted))
def test_every_scheme_with_tls_verifies_for_both_libraries(scheme: str) -> None:
    endpoint = parse_url(url_of(scheme))
    assert endpoint.tls
    assert endpoint.tls.verify
    assert endpoint.tls.check_hostname
    if endpoint.kind != "cluster":
        told_kombu = kombu_address(endpoint).ssl
        assert isinstance(told_kombu, dict)
        assert told_kombu.get("ssl_cert_reqs", told_kombu.get("cert_reqs")) is ssl.CERT_REQUIRED
        assert told_kombu.get("ssl_check_hostname") or told_kombu.get("server_hostname") == "host"


def test_what_is_given_twice_or_to_no_use_is_refused() -> None:
    for variables, said in (
        ({"QUORUM_REDIS_URL": "redis://:x@a", "QUORUM_REDIS_PASSWORD": "y"}, "QUORUM_REDIS_URL has a user or password"),
        ({"QUORUM_REDIS_USERNAME": "me"}, "QUORUM_REDIS_URL has a user without a password"),
        ({"QUORUM_TLS_CA": "/etc/ssl/ca.pem"}, "no URL says so: write rediss:// or amqps://"),
        ({"QUORUM_REDIS_URL": "rediss://a", "QUORUM_TLS_CA": "/none"}, "QUORUM_REDIS_URL needs a file of CA"),
        ({"QUORUM_REDIS_URL": "rediss://a", "QUORUM_TLS_CERT": "/none"}, "certificate without its key"),
    ):
        with pytest.raises(SettingsError, match=said):
            read_settings(variables)


def test_a_broker_that_is_not_named_has_the_stores_user_and_password() -> None:
    told_once = {"QUORUM_REDIS_USERNAME": "me", "QUORUM_REDIS_PASSWORD": "p/a@s#s"}
    same = read_settings({**told_once, "QUORUM_REDIS_URL": "redis://a"})
    assert same.broker == same.store
    other = read_settings({**told_once, "QUORUM_REDIS_URL": "redis://a", "QUORUM_BROKER_URL": "redis://b"})
    assert other.broker.password == ""
