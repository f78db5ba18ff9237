"""Signing in by an OpenID provider, against one that runs here."""

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from conftest import make_settings
from flask import Flask
from flask.testing import FlaskClient
from joserfc.jwk import RSAKey
from openid_provider import CLIENT, SECRET, Provider, openid_provider
from redis_server import RedisServer
from werkzeug.test import TestResponse

from console.app import create_app
from console.web.services import EXTENSION, Services
from quorum.accounts.roles import Role
from quorum.store.connection import connect
from quorum.store.layout import check_layout


@pytest.fixture
def provider() -> Iterator[Provider]:
    with openid_provider() as found:
        found.claims = {"sub": "17", "email": "Anna@example.org", "email_verified": True}
        yield found


@pytest.fixture
def app(own_redis: RedisServer, provider: Provider) -> Flask:
    settings = make_settings(own_redis.url, oidc_issuer=provider.url, oidc_client=CLIENT, oidc_secret=SECRET)
    with connect(settings.store, 5.0) as client:
        check_layout(client, settings.namespace, settings.partitions)
    return create_app(settings)


def come_in(client: FlaskClient, where: str = "/sign-in/oidc") -> TestResponse:
    """Go to the provider and come back."""
    there = client.get(where).headers["Location"]
    back = urlsplit(requests.get(there, allow_redirects=False, timeout=10).headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def parts_of(app: Flask) -> Services:
    parts: Services = app.extensions[EXTENSION]
    return parts


def test_a_verified_address_opens_the_account_of_that_name_and_links_it(app: Flask, provider: Provider) -> None:
    parts_of(app).accounts.add_linked("anna@example.org", Role.MODERATOR, "another 1")
    client = app.test_client()
    assert come_in(client).status_code == 403  # it is somebody else's
    parts_of(app).accounts.link("anna@example.org", f"{provider.url} 17")
    answer = come_in(client, "/sign-in/oidc?next=/queue?list%3Dopen")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/queue?list=open")
    assert client.get("/queue").status_code == 200
    provider.claims["email"] = "married@example.org"
    assert come_in(app.test_client()).status_code == 303  # the subject counts


def test_the_first_time_links(app: Flask, provider: Provider) -> None:
    parts_of(app).accounts.add("anna@example.org", Role.VIEWER)
    assert come_in(app.test_client()).status_code == 303
    account = parts_of(app).accounts.get("anna@example.org")
    assert account
    assert account.subject == f"{provider.url} 17"
    provider.claims["sub"] = "18"
    assert come_in(app.test_client()).status_code == 403


@pytest.mark.parametrize(
    "claims", [{"email_verified": False}, {"email_verified": "true"}, {"email": 7}, {"email": "no"}]
)
def test_nobody_is_let_in_by_an_address_that_is_not_verified(
    app: Flask, provider: Provider, claims: dict[str, object]
) -> None:
    parts_of(app).accounts.add("anna@example.org", Role.ADMIN)
    provider.claims.update(claims)
    assert come_in(app.test_client()).status_code == 403


def test_a_disabled_account_stays_outside(app: Flask) -> None:
    parts_of(app).accounts.add("anna@example.org", Role.VIEWER)
    assert come_in(app.test_client()).status_code == 303
    parts_of(app).accounts.disable("anna@example.org")
    assert come_in(app.test_client()).status_code == 403


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"nonce": "another"},
        {"nonce": None},
        {"exp": 1},
        {"sub": None},
    ],
)
def test_what_a_provider_says_wrongly_lets_nobody_in(
    app: Flask, provider: Provider, changes: dict[str, object]
) -> None:
    parts_of(app).accounts.add("anna@example.org", Role.ADMIN)
    provider.changes = changes
    assert come_in(app.test_client()).status_code == 401


def test_what_another_has_signed_lets_nobody_in(app: Flask, provider: Provider) -> None:
    parts_of(app).accounts.add("anna@example.org", Role.ADMIN)
    provider.signs_with = RSAKey.generate_key(2048, {"kid": "one"})
    assert come_in(app.test_client()).status_code == 401


def test_an_answer_that_nobody_asked_for_lets_nobody_in(app: Flask) -> None:
    parts_of(app).accounts.add("anna@example.org", Role.ADMIN)
    client = app.test_client()
    assert client.get("/sign-in/oidc/back").status_code == 401
    assert client.get("/sign-in/oidc/back?code=1&state=2").status_code == 401
    there = client.get("/sign-in/oidc").headers["Location"]
    back = urlsplit(requests.get(there, allow_redirects=False, timeout=10).headers["Location"])
    assert app.test_client().get(f"{back.path}?{back.query}").status_code == 401  # another browser


def test_a_provider_that_is_another_or_away_is_said(app: Flask, provider: Provider) -> None:
    provider.metadata = {"issuer": "https://evil.example"}
    assert app.test_client().get("/sign-in/oidc").status_code == 503


def test_without_a_provider_there_is_no_such_page(own_redis: RedisServer, tmp_path: Path) -> None:
    settings = make_settings(own_redis.url)
    check_layout(own_redis.client, settings.namespace, 1)
    app = create_app(settings)
    assert app.test_client().get("/sign-in/oidc").status_code == 404
    away = create_app(make_settings(own_redis.url, oidc_issuer="http://127.0.0.1:9"))
    assert away.test_client().get("/sign-in/oidc").status_code == 503
