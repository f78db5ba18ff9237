"""What the API answers below a path, and to callers that name no host of the site."""

from typing import Any

import pytest
from conftest import SITE_KEY, claimed_app, make_settings
from flask.testing import FlaskClient
from redis_server import RedisServer
from unit.report_api.test_mounting import HOSTILE

SITE = {"Authorization": f"Bearer {SITE_KEY}"}
PAGES = ("/", "/docs", "/docs/", "/demo", "/openapi.json")
NO_REDIS = "redis://127.0.0.1:1/0"  # pages open without


def client(redis_url: str, **settings: Any) -> FlaskClient:
    return claimed_app(make_settings(redis_url, demo=True, **settings), lambda _: None).test_client()


def read(api: FlaskClient, path: str, prefix: str) -> str:
    answer = api.get(path, headers={"X-Forwarded-Prefix": prefix})
    assert answer.status_code == 200
    return answer.get_data(as_text=True)


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("left_on", [False, True])
def test_every_page_links_below_the_path_that_the_proxy_names(path: str, *, left_on: bool) -> None:
    with client(NO_REDIS, proxy_hops=1) as api:
        page = read(api, f"/at/quorum{path}" if left_on else path, "/at/quorum")
        assert '"/at/quorum' in page
        for root in ("/docs", "/demo", "/openapi.json", "/v1"):
            assert f'"{root}' not in page.replace('"paths":', "", 1).partition('"/v1/reports"')[0]


def test_the_document_and_the_links_say_where_the_api_is(own_redis: RedisServer) -> None:
    with client(own_redis.url, proxy_hops=1) as api:
        at = {**SITE, "X-Forwarded-Prefix": "/at/quorum"}
        document = api.get("/openapi.json", headers=at).get_json()
        assert document["servers"] == [{"url": "/at/quorum"}]
        assert "/v1/reports" in document["paths"]
        assert "servers" not in api.get("/openapi.json").get_json()
        assert api.get("/at/quorum/v1/events", headers=at).headers["Link"].startswith("</at/quorum/v1/events?")
        assert api.get("/v1/events", headers=SITE).headers["Link"].startswith("</v1/events?")
        assert api.get("/at/quorum/livez", headers=at).status_code == 200
        batch = [{"image_id": "a", "reason": "violence", "reporter_id": f"reader-{n}"} for n in range(300)]
        assert api.post("/at/quorum/v1/reports/batch", json=batch, headers=at).status_code == 200  # beyond 16 KiB


@pytest.mark.parametrize("prefix", [one for one in HOSTILE if one.isascii() and one.isprintable()])
def test_a_hostile_prefix_leaves_no_trace(prefix: str) -> None:
    with client(NO_REDIS, proxy_hops=1) as api:
        for path in PAGES:
            assert read(api, path, prefix) == read(api, path, "")


def test_without_a_proxy_nobody_names_a_path() -> None:
    with client(NO_REDIS) as api:
        for path in PAGES:
            assert "/at/quorum" not in read(api, path, "/at/quorum")


def test_trusted_hosts_stand_in_the_way_of_no_probe_and_no_metrics(own_redis: RedisServer) -> None:
    with client(own_redis.url, trusted_hosts=("www.example.org", ".example.net")) as api:
        for host in ("10.1.2.3:8080", "[fd00::1]:8080", "report-api.quorum.svc", "localhost"):
            for path in ("/livez", "/readyz", "/metrics"):
                assert api.get(path, headers={"Host": host}).status_code == 200
            for path in ("/v1/reasons", "/docs/", "/demo"):
                assert api.get(path, headers={"Host": host}).status_code == 400
        for host in ("www.example.org", "www.example.org:443", "a.b.example.net"):
            assert api.get("/v1/reasons", headers={"Host": host}).status_code == 200
