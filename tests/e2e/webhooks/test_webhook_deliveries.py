"""Webhooks from the API to the endpoint: signed, in order per image, retried, and nobody waits for anybody else."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from conftest import claimed_app, environment, make_settings
from flask.testing import FlaskClient
from prometheus_client import CollectorRegistry
from redis_server import RedisServer, wait_until
from standardwebhooks import Webhook
from store import Bench, open_bench

from quorum.access.keys import Scope
from quorum.access.stored_keys import ApiKeys
from quorum.events.bus import BusPlace
from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy import load_policy
from quorum.settings import Settings, read_settings
from quorum.store.connection import connect
from quorum.telemetry.health import Health
from quorum.telemetry.redis_metrics import RedisCollector
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import DISABLE_AFTER_MS
from tally_worker.app import make_deliverer
from tally_worker.delivering.delivery import PER_ENDPOINT, Deliverer
from tally_worker.observe import DeliveryMetrics, PartMetrics


class Receiver:
    """An endpoint that remembers what it got and answers as it is told."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], str]] = []
        self.statuses: list[int] = []  # of the next answers; then 204
        self.delay = 0.0
        self.retry_after: str | None = None
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                time.sleep(receiver.delay)
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 204)
                if receiver.retry_after:
                    self.send_header("Retry-After", receiver.retry_after)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}/hook"

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(body) for _, body in self.got]

    def subjects(self) -> list[str]:
        return [event["subject"] for event in self.events()]


@pytest.fixture
def settings(own_redis: RedisServer) -> Settings:
    networks = read_settings({"QUORUM_WEBHOOK_NETWORKS": "127.0.0.0/8"}).webhook_networks
    return make_settings(own_redis.url, webhook_networks=networks)


@pytest.fixture
def bench(settings: Settings) -> Iterator[Bench]:
    with open_bench(settings) as opened:
        opened.policy = load_policy(settings.policy_path)
        yield opened


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def other() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.server.shutdown()
    made.server.server_close()


@pytest.fixture
def deliverer(settings: Settings) -> Iterator[Deliverer]:
    made = make_deliverer(settings, DeliveryMetrics(CollectorRegistry()), PartMetrics(CollectorRegistry()))
    made.start()
    yield made
    made.stop()


class Admin:
    """Calls the API with a key for everything."""

    def __init__(self, client: FlaskClient, key: str) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"}

    def post(self, path: str, body: Any = None, status: int = 200) -> Any:
        answer = self._client.post(f"/v1/webhooks{path}", json=body, headers=self._headers)
        assert answer.status_code == status, answer.text
        return answer.get_json()

    def get(self, path: str) -> Any:
        return self._client.get(f"/v1/webhooks{path}", headers=self._headers).get_json()

    def attempts(self, webhook: str, number: int) -> list[dict[str, Any]]:
        """Return the log of deliveries once it has so many: a receiver hears of one before the log does."""
        wait_until(lambda: len(self._log(webhook)) == number, 10, f"{number} attempts in the log")
        return self._log(webhook)

    def _log(self, webhook: str) -> list[dict[str, Any]]:
        logged: list[dict[str, Any]] = self.get(f"/{webhook}/deliveries")["deliveries"]
        return logged

    def delete(self, path: str) -> int:
        return self._client.delete(f"/v1/webhooks{path}", headers=self._headers).status_code


@pytest.fixture
def admin(settings: Settings, bench: Bench) -> Iterator[Admin]:
    _, whole = ApiKeys(bench.client, settings.namespace).create("admin", frozenset({Scope.ADMIN}))
    with claimed_app(settings, lambda _: None).test_client() as client:
        yield Admin(client, whole)


def make_registry(settings: Settings) -> CollectorRegistry:
    client, name = connect(settings.store, 5.0), settings.namespace
    registry = CollectorRegistry()
    registry.register(RedisCollector(Health(client, name, 1), Webhooks(client, name, 1), BusPlace(client, name, 1), 1))
    return registry


def clear(bench: Bench, settings: Settings, image: str) -> None:
    Decisions(bench.client, settings.namespace, 1).decide(
        parse_image(image), Action.CLEAR, "tests", bench.policy, unfounded=False
    )


def test_an_endpoint_gets_signed_events_in_order_with_both_secrets_while_they_change(
    admin: Admin, receiver: Receiver, bench: Bench, settings: Settings, deliverer: Deliverer
) -> None:
    made = admin.post("", {"url": receiver.url, "name": "cms"}, 201)
    bench.block("img-1")
    clear(bench, settings, "img-1")
    wait_until(lambda: len(receiver.got) == 2, 10, "two deliveries")
    assert [event["type"] for event in receiver.events()] == ["quorum.image.blocked.v1", "quorum.image.unblocked.v1"]
    headers, body = receiver.got[0]
    Webhook(made["secret"]).verify(body, headers)
    assert headers["webhook-id"] == json.loads(body)["id"]
    fresh = admin.post(f"/{made['id']}/secret")["secret"]
    bench.block("img-2")
    wait_until(lambda: len(receiver.got) == 3, 10, "the third")
    headers, body = receiver.got[2]
    for secret in (made["secret"], fresh):
        Webhook(secret).verify(body, headers)
    log = admin.attempts(made["id"], 3)
    shown = admin.get(f"/{made['id']}")
    assert (shown["state"], shown["waiting"], shown["dead"]) == ("ok", 0, 0)
    assert "secret" not in shown
    assert [(one["outcome"], one["status"]) for one in log] == [("delivered", 204)] * 3


def test_only_wanted_types_are_sent_and_a_test_ping_always(
    admin: Admin, receiver: Receiver, bench: Bench, deliverer: Deliverer
) -> None:
    made = admin.post("", {"url": receiver.url, "types": ["quorum.image.held.v1"]}, 201)
    bench.block("img-1")
    event = admin.post(f"/{made['id']}/test")["event_id"]
    wait_until(lambda: receiver.got, 10, "the ping")
    time.sleep(0.5)
    assert [(one["type"], one["id"]) for one in receiver.events()] == [("quorum.webhook.test.v1", event)]


def test_a_failed_delivery_is_tried_again_and_holds_up_only_its_own_image(
    admin: Admin, receiver: Receiver, bench: Bench, settings: Settings, deliverer: Deliverer
) -> None:
    made = admin.post("", {"url": receiver.url}, 201)
    receiver.statuses = [500]
    bench.block("img-1")
    wait_until(lambda: len(receiver.got) == 1, 10, "the first attempt")
    clear(bench, settings, "img-1")
    bench.block("img-2")
    wait_until(lambda: "img-2" in receiver.subjects(), 4, "the other image")
    wait_until(lambda: receiver.subjects().count("img-1") == 3, 12, "the second attempt and the clear")
    first, second, last = [event for event in receiver.events() if event["subject"] == "img-1"]
    assert first["id"] == second["id"]
    assert last["type"] == "quorum.image.unblocked.v1"
    log = admin.attempts(made["id"], 4)
    assert sorted(one["outcome"] for one in log) == ["delivered", "delivered", "delivered", "retry"]


def test_a_receiver_says_when_to_come_back(
    admin: Admin, receiver: Receiver, bench: Bench, deliverer: Deliverer
) -> None:
    made = admin.post("", {"url": receiver.url}, 201)
    receiver.statuses, receiver.retry_after = [503], "3600"
    bench.block("img-1")
    wait_until(lambda: len(receiver.got) == 1, 10, "the first attempt")
    prefix = bench.keys.webhooks
    wait_until(lambda: admin.get(f"/{made['id']}")["state"] == "failing", 5, "the failure")
    [(_, due)] = bench.client.zrange(f"{prefix}{made['id']}:due", 0, -1, withscores=True)
    assert due - int(bench.client.time()[0]) * 1000 > 3_500_000


def test_gone_disables_and_enabling_goes_on_where_it_stopped(
    admin: Admin, receiver: Receiver, bench: Bench, deliverer: Deliverer
) -> None:
    made = admin.post("", {"url": receiver.url}, 201)
    receiver.statuses = [410]
    bench.block("img-1")
    wait_until(lambda: admin.get(f"/{made['id']}")["state"] == "disabled", 10, "the end")
    bench.block("img-2")
    time.sleep(0.5)
    assert len(receiver.got) == 1
    admin.post(f"/{made['id']}/enable")
    wait_until(lambda: set(receiver.subjects()) == {"img-1", "img-2"}, 15, "what was missed")


def test_an_endpoint_that_failed_for_days_is_disabled_and_a_metric_says_so(
    admin: Admin, receiver: Receiver, bench: Bench, settings: Settings, deliverer: Deliverer
) -> None:
    def states() -> dict[str, float]:
        exported = make_registry(settings)
        return {
            state: exported.get_sample_value("quorum_webhooks", {"state": state}) or 0
            for state in ("active", "failing", "disabled")
        }

    made = admin.post("", {"url": receiver.url}, 201)
    assert states() == {"active": 1, "failing": 0, "disabled": 0}
    receiver.statuses = [500]
    bench.block("img-1")
    wait_until(lambda: admin.get(f"/{made['id']}")["state"] == "failing", 10, "the failure")
    assert states() == {"active": 0, "failing": 1, "disabled": 0}
    days = int(bench.client.time()[0]) * 1000 - DISABLE_AFTER_MS - 1000
    bench.client.hset(f"{bench.keys.webhooks}failing", made["id"], days)
    receiver.statuses = [500]
    wait_until(lambda: admin.get(f"/{made['id']}")["state"] == "disabled", 15, "the end")
    assert states() == {"active": 0, "failing": 0, "disabled": 1}


def test_attempts_and_the_time_to_delivery_are_counted(
    admin: Admin, receiver: Receiver, bench: Bench, settings: Settings
) -> None:
    registry = CollectorRegistry()
    deliverer = make_deliverer(settings, DeliveryMetrics(registry), PartMetrics(CollectorRegistry()))
    deliverer.start()
    admin.post("", {"url": receiver.url}, 201)
    receiver.statuses = [500]
    bench.block("img-1", at=int(bench.client.time()[0]) * 1000)
    count = registry.get_sample_value
    wait_until(lambda: count("quorum_delivery_seconds_count", {"channel": "webhook"}), 15, "the delivery")
    assert count("quorum_webhook_attempts_total", {"outcome": "delivered"}) == 1
    assert count("quorum_webhook_attempts_total", {"outcome": "retry"}) == 1
    assert count("quorum_delivery_seconds_count", {"channel": "webhook"}) == 1
    assert 4 < (count("quorum_delivery_seconds_sum", {"channel": "webhook"}) or 0) < 20
    deliverer.stop()


@pytest.mark.usefixtures("bench")
def test_webhooks_are_kept_from_the_command_line(receiver: Receiver, settings: Settings, deliverer: Deliverer) -> None:
    def quorum(*words: str) -> str:
        command = [sys.executable, "-m", "quorum.cli.main", "webhooks", *words]
        done = subprocess.run(command, env=environment(settings), capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    webhook, secret = quorum("add", receiver.url, "--name", "cms").split("\nsecret: ")
    assert "ok  0 waiting, 0 dead  cms" in quorum("list")
    assert quorum("test", webhook).startswith("sent as ")
    wait_until(lambda: receiver.got, 10, "the ping")
    headers, body = receiver.got[0]
    Webhook(secret.strip()).verify(body, headers)
    wait_until(lambda: "delivered  204  attempt 1" in quorum("deliveries", webhook), 5, "the log")
    assert quorum("rotate", webhook).startswith("secret: whsec_")
    assert quorum("replay", webhook, "--hours", "1") == "0 events queued\n"
    assert quorum("enable", webhook) == "enabled\n"
    assert quorum("remove", webhook) == "removed\n"
    assert quorum("list") == ""


def test_thirty_endpoints_that_hang_delay_no_other(
    admin: Admin, receiver: Receiver, other: Receiver, bench: Bench, deliverer: Deliverer
) -> None:
    receiver.delay = 5
    for number in range(30):
        admin.post("", {"url": f"{receiver.url}/{number}"}, 201)
    admin.post("", {"url": other.url}, 201)
    for number in range(20):
        bench.block(f"img-{number}")
    wait_until(lambda: len(other.got) == 20, 4, "all twenty at the quick endpoint")
    assert len(receiver.got) <= 30 * PER_ENDPOINT  # none of those has been answered yet


def test_events_of_a_time_range_are_sent_again(
    admin: Admin, receiver: Receiver, bench: Bench, deliverer: Deliverer
) -> None:
    bench.block("img-1")
    made = admin.post("", {"url": receiver.url}, 201)
    time.sleep(0.5)
    assert receiver.got == []
    span = {"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}
    assert admin.post(f"/{made['id']}/replay", span) == {"events": 1}
    wait_until(lambda: receiver.subjects() == ["img-1"], 10, "the replay")


def test_several_workers_deliver_each_event_once(
    admin: Admin, receiver: Receiver, bench: Bench, settings: Settings, deliverer: Deliverer
) -> None:
    admin.post("", {"url": receiver.url}, 201)
    others = [
        make_deliverer(settings, DeliveryMetrics(CollectorRegistry()), PartMetrics(CollectorRegistry()))
        for _ in range(3)
    ]
    for one in others:
        one.start()
    for number in range(100):
        bench.block(f"img-{number}")
    wait_until(lambda: len(receiver.got) >= 100, 20, "all deliveries")
    time.sleep(1)
    assert sorted(receiver.subjects()) == sorted(f"img-{number}" for number in range(100))
    for one in others:
        one.stop()


def test_an_attempt_that_outlived_its_lease_settles_nothing(
    settings: Settings, admin: Admin, receiver: Receiver, bench: Bench
) -> None:
    made = admin.post("", {"url": receiver.url}, 201)
    store = make_deliverer(settings, DeliveryMetrics(CollectorRegistry()), PartMetrics(CollectorRegistry()))._webhooks
    subscription = store.get(made["id"])
    bench.block("img-1")
    now = store.now_ms()
    assert store.enqueue(subscription, now) == 1
    assert store.enqueue(subscription, now) == 0
    [claim] = store.claim(subscription, now, 1000, 10)
    assert store.claim(subscription, now, 1000, 10) == []
    [again] = store.claim(subscription, now + 2000, 1000, 10)
    assert store.settle(subscription, again, now, well=True)
    assert not store.settle(subscription, claim, now, well=True)
    assert store.backlog(subscription.id) == (0, 0)


def test_a_removed_webhook_leaves_nothing_behind(
    admin: Admin, receiver: Receiver, bench: Bench, settings: Settings
) -> None:
    made = admin.post("", {"url": receiver.url}, 201)
    store = make_deliverer(settings, DeliveryMetrics(CollectorRegistry()), PartMetrics(CollectorRegistry()))._webhooks
    bench.block("img-1")
    store.enqueue(store.get(made["id"]), store.now_ms())
    assert admin.delete(f"/{made['id']}") == 204
    assert admin.delete(f"/{made['id']}") == 404
    assert list(bench.client.scan_iter(f"*webhooks*{made['id']}*")) == []


@pytest.mark.parametrize(
    "body", [{}, {"url": "ftp://x"}, {"url": "https://x.org", "types": []}, {"url": "https://x.org", "types": ["x"]}]
)
def test_a_bad_webhook_is_refused(admin: Admin, body: dict[str, Any]) -> None:
    assert admin.post("", body, 422)["errors"][0]["field"].split(".")[0] in {"url", "types"}


def test_a_trace_goes_from_the_report_to_the_delivery(
    admin: Admin, receiver: Receiver, bench: Bench, settings: Settings, deliverer: Deliverer
) -> None:
    admin.post("", {"url": receiver.url}, 201)
    with claimed_app(settings, lambda _: None).test_client() as client:
        for number in range(5):
            trace = f"00-{number + 1:032x}-{number + 1:016x}-01"
            body = {"image_id": "img-1", "reason": "violence", "reporter_id": f"reader-{number}"}
            headers = {"Authorization": f"Bearer {settings.site_key}", "traceparent": trace}
            assert client.post("/v1/reports", json=body, headers=headers).status_code == 202
    bench.drain()
    wait_until(lambda: receiver.got, 10, "the delivery")
    headers, sent = receiver.got[0]
    assert json.loads(sent)["traceparent"] == headers["traceparent"] == f"00-{5:032x}-{5:016x}-01"
