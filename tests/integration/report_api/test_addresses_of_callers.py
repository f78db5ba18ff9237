"""Anonymous readers by their addresses, through the API: proxies of all kinds, and peers that only say they are one."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import PEPPER, SITE_KEY, claimed_app, make_settings
from flask.testing import FlaskClient
from redis_server import RedisServer
from werkzeug.test import TestResponse

from quorum.errors import SettingsError
from quorum.network.addresses import parse_network
from quorum.reporters.fingerprints import NETWORK, fingerprint
from quorum.settings import Settings, read_settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.tally.codec import decode_entry

REPORT = {"image_id": "img-1", "reason": "spam"}
PROXY, STRANGER = "10.0.0.1", "192.0.2.66"


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    return make_settings(own_redis.url, proxy_hops=1, trusted_proxies=(parse_network("10.0.0.0/8"),))


@pytest.fixture
def client(settings: Settings) -> Iterator[FlaskClient]:
    with claimed_app(settings, lambda _: None).test_client() as opened:
        yield opened


def report(client: FlaskClient, forwarded: str | None, peer: str = PROXY, **more: str) -> TestResponse:
    headers = {**more, **({} if forwarded is None else {"X-Forwarded-For": forwarded})}
    return client.post("/v1/reports", json=REPORT, headers=headers, environ_base={"REMOTE_ADDR": peer})


def stored(settings: Settings) -> list[bytes]:
    """Return the fingerprints in the inbox, in the order of arrival."""
    with connect(settings.store, 5.0) as redis:
        raw: Any = redis.lrange(keys_of(settings.namespace, 0).inbox, 0, -1)
    return [decode_entry(one).reporter.fingerprint for one in raw]


def of(network: str) -> bytes:
    return fingerprint(PEPPER.encode(), NETWORK, network)


@pytest.mark.parametrize(
    ("forwarded", "network"),
    [
        ("203.0.113.7:51008", "203.0.113.7"),
        ("203.0.113.7", "203.0.113.7"),
        ("[2001:db8::1]:443", "2001:db8::/64"),
        ('"[2001:db8::1]"', "2001:db8::/64"),
        ("64:ff9b::203.0.113.7", "203.0.113.7"),
        ("2002:cb00:7107::1", "203.0.113.7"),
        ("198.51.100.1, unknown, 203.0.113.7:1", "203.0.113.7"),
        ('"203.0.113.8, 203.0.113.7', "203.0.113.7"),
    ],
)
def test_a_reader_is_told_apart_however_the_proxy_writes_the_address(
    client: FlaskClient, settings: Settings, forwarded: str, network: str
) -> None:
    assert report(client, forwarded).status_code == 202
    assert stored(settings) == [of(network)]


@pytest.mark.parametrize("forwarded", ["unknown", "_hidden", "203.0.113.7, ", "nonsense", "1.2.3", "[", "1.2.3.4:x"])
def test_who_comes_from_nowhere_cannot_report_anonymously(
    client: FlaskClient, settings: Settings, forwarded: str
) -> None:
    for more in ({}, {"Idempotency-Key": "one"}):
        answer = report(client, forwarded, **more)
        assert answer.status_code == 401
        assert "is not known" in answer.get_json(force=True)["detail"]
    assert report(client, None, peer="").status_code == 401
    assert stored(settings) == []
    body = {**REPORT, "reporter_id": "reader-1"}
    headers = {"X-Forwarded-For": forwarded, "Authorization": f"Bearer {SITE_KEY}"}
    assert client.post("/v1/reports", json=body, headers=headers).status_code == 202


def test_a_peer_that_is_no_proxy_is_one_reader_whatever_it_says(client: FlaskClient, settings: Settings) -> None:
    for forwarded in ("203.0.113.7", "203.0.113.8", "nonsense", None):
        assert report(client, forwarded, peer=STRANGER).status_code == 202
    assert set(stored(settings)) == {of(STRANGER)}


def test_addresses_of_one_nat64_are_many_readers_and_a_6to4_one_is_muted_with_its_network(
    settings: Settings, tmp_path: Any
) -> None:
    policy = tmp_path / "policy.toml"
    text = settings.policy_path.read_text() if settings.policy_path else ""
    policy.write_text(text.replace("[people]\n", '[people]\nmuted_networks = ["198.51.100.0/24"]\n'))
    values = {name: getattr(settings, name) for name in Settings.__dataclass_fields__}
    app = claimed_app(Settings(**{**values, "policy_path": policy}), lambda _: None)
    with app.test_client() as client:
        for host in range(1, 6):
            assert report(client, f"64:ff9b::203.0.113.{host}").status_code == 202
        assert report(client, "2002:c633:6401::1").status_code == 202
    with connect(settings.store, 5.0) as redis:
        raw: Any = redis.lrange(keys_of(settings.namespace, 0).inbox, 0, -1)
    reporters = [decode_entry(one).reporter for one in raw]
    assert len({one.fingerprint for one in reporters}) == 6
    assert [one.reporter_class for one in reporters] == ["anonymous"] * 5 + ["muted"]


def test_settings_say_whom_to_trust_and_how_many() -> None:
    given = {"QUORUM_PROXY_HOPS": "2", "QUORUM_TRUSTED_PROXIES": "10.0.0.0/8, fd00::/8"}
    assert read_settings(given).trusted_proxies == (parse_network("10.0.0.0/8"), parse_network("fd00::/8"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"QUORUM_TRUSTED_PROXIES": "10.0.0.0/8"}, "QUORUM_TRUSTED_PROXIES needs QUORUM_PROXY_HOPS"),
        ({"QUORUM_TRUSTED_PROXIES": "::ffff:10.0.0.0/104", "QUORUM_PROXY_HOPS": "1"}, "give the IPv4 network"),
        ({"QUORUM_TRUSTED_PROXIES": "proxy.example.org", "QUORUM_PROXY_HOPS": "1"}, "must be networks such as"),
    ],
)
def test_what_cannot_be_trusted_is_said(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        read_settings(given)
