"""`POST /v1/images/visibility`, as a reader's browser calls it."""

from collections.abc import Iterator
from typing import Any

import pytest
from conftest import SITE_KEY, TOKEN_SECRET, claimed_app, make_settings
from flask.testing import FlaskClient
from redis_server import RedisServer
from store import Bench, open_bench

from quorum.images.image import parse_image
from quorum.languages import REDRESS
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy import load_policy
from quorum.reporters.tokens import mint_token
from quorum.schemas.visibility import MAX_PICTURES
from quorum.settings import Settings

WHERE = "/v1/images/visibility"
KEY = {"Authorization": f"Bearer {SITE_KEY}"}


@pytest.fixture
def client(settings: Settings, bench: Bench) -> Iterator[FlaskClient]:
    with claimed_app(settings, lambda _: None).test_client() as opened:
        yield opened


def token(name: str, seconds: int = 60) -> dict[str, str]:
    return {"Authorization": f"Bearer {mint_token(TOKEN_SECRET, 'quorum', name, seconds)}"}


def look(client: FlaskClient, *images: str, headers: dict[str, str] | None = None, **more: Any) -> list[dict[str, Any]]:
    answer = client.post(WHERE, json={"image_ids": images, **more}, headers=headers)
    assert answer.status_code == 200, answer.data
    found: list[dict[str, Any]] = answer.get_json()["images"]
    return found


def report(client: FlaskClient, image: str, headers: dict[str, str] | None = None) -> None:
    body = {"image_id": image, "reason": "violence"}
    assert client.post("/v1/reports", json=body, headers=headers).status_code == 202


def test_a_reader_follows_a_report_from_open_to_blocked(client: FlaskClient, bench: Bench) -> None:
    report(client, "img-1", token("reader-0"))
    bench.drain()
    [mine] = look(client, "img-1", headers=token("reader-0"))
    assert (mine["visibility"], mine["own_report"]) == ("visible", "open")
    for number in range(1, 5):
        report(client, "img-1", token(f"reader-{number}"))
    bench.drain()
    [mine] = look(client, "img-1", headers=token("reader-0"))
    assert (mine["visibility"], mine["own_report"]) == ("blocked", "blocked")
    nobodys = {"image_id": "img-1", "visibility": "blocked", "own_report": None, "receipt": None}
    assert look(client, "img-1", headers=token("somebody")) == look(client, "img-1", headers=KEY) == [nobodys]


def test_a_reader_with_a_receipt_hears_that_the_picture_was_kept(
    client: FlaskClient, bench: Bench, settings: Settings
) -> None:
    report(client, "img-1", token("reader-0"))
    bench.drain()
    [before] = look(client, "img-1", headers=token("reader-0"))
    Decisions(bench.client, settings.namespace, 1).decide(parse_image("img-1"), Action.CLEAR, "mo", bench.policy)
    [after] = look(client, "img-1", headers=token("reader-0"), receipts=[before["receipt"]])
    assert (after["visibility"], after["own_report"]) == ("visible", "kept")


def test_who_hears_of_a_decision_hears_what_they_can_do_about_it(
    client: FlaskClient, bench: Bench, settings: Settings
) -> None:
    report(client, "img-1", token("reader-0"))
    bench.drain()
    french = {**token("reader-0"), "Accept-Language": "fr"}
    [before] = look(client, "img-1", headers=french)
    asked = {"image_ids": ["img-1"], "receipts": [before["receipt"]]}
    assert "redress" not in client.post(WHERE, json=asked, headers=french).get_json()
    Decisions(bench.client, settings.namespace, 1).decide(parse_image("img-1"), Action.CLEAR, "mo", bench.policy)
    answer = client.post(WHERE, json=asked, headers=french)
    assert answer.get_json()["redress"] == REDRESS["fr"]
    assert answer.headers["Content-Language"] == "fr"
    assert "redress" not in client.post(WHERE, json=asked, headers=token("somebody")).get_json()


def test_an_anonymous_reader_is_told_apart_by_address(client: FlaskClient, bench: Bench) -> None:
    report(client, "img-1")
    bench.drain()
    [mine] = look(client, "img-1")
    assert mine["own_report"] == "open"
    elsewhere = client.post(WHERE, json={"image_ids": ["img-1"]}, environ_base={"REMOTE_ADDR": "192.0.2.99"})
    assert elsewhere.get_json()["images"][0]["own_report"] is None


def test_an_answer_has_no_count_and_is_for_this_reader_alone(client: FlaskClient, bench: Bench) -> None:
    report(client, "img-1", token("reader-0"))
    bench.drain()
    answer = client.post(WHERE, json={"image_ids": ["img-1"]}, headers=token("reader-0"))
    assert answer.headers["Cache-Control"] == "private, max-age=60"
    assert "Authorization" in answer.headers.getlist("Vary")
    [seen] = answer.get_json()["images"]
    assert seen.keys() == {"image_id", "visibility", "own_report", "receipt"}


def test_urls_are_answered_in_the_order_asked_in_their_canonical_form(client: FlaskClient) -> None:
    seen = look(client, "HTTPS://News.Example.org:443/a.jpg", "img-2")
    assert [one["image_id"] for one in seen] == ["https://news.example.org/a.jpg", "img-2"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"image_ids": []},
        {"image_ids": ["img-1"] * (MAX_PICTURES + 1)},
        {"image_ids": ["img\n1"]},
        {"image_ids": "img-1"},
        {"image_ids": ["img-1"], "receipts": ["nonsense"]},
        {"image_ids": ["img-1"], "receipts": ["0" * 32] * (MAX_PICTURES + 1)},
        {"image_ids": ["img-1"], "reporter_id": "reader-1"},
    ],
)
def test_what_is_no_look_up_is_refused(client: FlaskClient, body: dict[str, Any]) -> None:
    assert client.post(WHERE, json=body).status_code == 422


def test_200_long_ids_fit(client: FlaskClient) -> None:
    ids = [f"{number:03}{'x' * 2045}" for number in range(MAX_PICTURES)]
    assert len(look(client, *ids)) == MAX_PICTURES


def test_without_anonymous_reports_a_token_is_needed(redis_url: str) -> None:
    settings = make_settings(redis_url, anonymous="off")
    with open_bench(settings), claimed_app(settings, lambda _: None).test_client() as client:
        assert client.post(WHERE, json={"image_ids": ["img-1"]}).status_code == 401
        assert client.post(WHERE, json={"image_ids": ["img-1"]}, headers=token("a", -60)).status_code == 401
        assert client.post(WHERE, json={"image_ids": ["img-1"]}, headers=token("a")).status_code == 200


def test_a_reader_who_asks_too_often_hears_when_to_go_on(redis_url: str) -> None:
    settings, limit = make_settings(redis_url, policy_path=None), load_policy(None).limits.looks
    with open_bench(settings), claimed_app(settings, lambda _: None).test_client() as client:
        for _ in range(limit):
            look(client, "img-1", headers=token("reader-1"))
        refused = client.post(WHERE, json={"image_ids": ["img-1"]}, headers=token("reader-1"))
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        assert refused.get_json()["title"] == "Too many look-ups"
        look(client, "img-1", headers=token("reader-2"))
        look(client, "img-1", headers=KEY)


def test_at_maxmemory_blocked_pictures_are_still_told(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url, policy_path=None)
    with open_bench(settings) as bench, claimed_app(settings, lambda _: None).test_client() as client:
        seconds, _ = bench.client.time()
        bench.block("img-1", at=int(seconds) * 1000)
        look(client, "img-2")  # so that what is looked for is there
        own_redis.client.config_set("maxmemory", "1")
        assert [one["visibility"] for one in look(client, "img-1", "img-2")] == ["blocked", "visible"]


def test_without_a_redis_it_says_so(own_redis: RedisServer) -> None:
    settings = make_settings(own_redis.url)
    with claimed_app(settings, lambda _: None).test_client() as client:
        own_redis.stop()
        answer = client.post(WHERE, json={"image_ids": ["img-1"]})
        assert answer.status_code == 503
        assert "Retry-After" in answer.headers


def test_pages_of_the_site_may_call_it(redis_url: str) -> None:
    settings = make_settings(redis_url, cors_origins=("https://news.example.org",))
    with claimed_app(settings, lambda _: None).test_client() as client:
        origin = {"Origin": "https://news.example.org"}
        asked = client.options(WHERE, headers=origin)
        assert asked.headers["Access-Control-Allow-Origin"] == "https://news.example.org"
        assert "POST" in asked.headers["Access-Control-Allow-Methods"]
        answer = client.post(WHERE, json={"image_ids": ["img-1"]}, headers=origin)
        assert answer.headers["Access-Control-Allow-Origin"] == "https://news.example.org"
