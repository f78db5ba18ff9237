"""A mistake of the crowd, undone by a moderator in the console: all five kinds of consumers show the picture again."""

import re
import time
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from conftest import SITE_KEY, make_settings, running
from faults.consumers.test_every_consumer import Kept, Readers, WebhookReceiver
from pipeline import Pipeline
from rabbitmq import BusConsumer, RabbitMQ, is_installed
from redis_server import RedisServer, free_port, wait_until

from quorum.accounts.roles import Role
from quorum.accounts.stored_accounts import Accounts
from quorum.client import Client
from quorum.events.event import BLOCKED, UNBLOCKED
from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy import load_policy
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import new_subscription

pytestmark = [pytest.mark.skipif(not is_installed(), reason="RabbitMQ is not installed"), pytest.mark.timeout(300)]

FIELD = re.compile(r'name="(csrf_token|expected)" value="([^"]+)"')
PASSWORD = "a password for tests only"


class Moderator:
    """Somebody at the console, whose browser keeps one cookie."""

    def __init__(self, port: int, settings: Settings) -> None:
        client = connect(settings.store, 5.0)
        accounts = Accounts(client, settings.namespace)
        _, password = accounts.add("anna", Role.MODERATOR)
        accounts.change_password("anna", password, PASSWORD)
        self._port, self._cookie = port, ""

    def get(self, path: str) -> str:
        """Return a page."""
        return self._ask("GET", path)[1]

    def post(self, path: str, page: str, **more: str) -> int:
        """Send a form of a page; return the status."""
        return self._ask("POST", path, urlencode({**dict(FIELD.findall(page)), **more}))[0]

    def _ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=20)
        headers = {"Cookie": self._cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        self._cookie = (answer.headers.get("Set-Cookie") or self._cookie).partition(";")[0]
        text = answer.read().decode()
        connection.close()
        return answer.status, text


def test_what_is_cleared_in_the_console_is_shown_again_everywhere(
    own_redis: RedisServer, broker: RabbitMQ, tmp_path: Path
) -> None:
    settings = make_settings(own_redis.url)
    env = {"QUORUM_BUS_URL": broker.url, "QUORUM_WEBHOOK_NETWORKS": "127.0.0.0/8"}
    stream_port, console_port = free_port(), free_port()
    with (
        Pipeline(settings, tmp_path, **env) as pipeline,
        running(["stream", "--port", str(stream_port)], pipeline.env, tmp_path / "stream.log"),
        running(["console", "--port", str(console_port)], pipeline.env, tmp_path / "console.log"),
    ):
        pipeline.start_api()
        pipeline.start_worker()
        receiver = WebhookReceiver(hooked := Kept("webhook"))
        receiver.start()
        bus = BusConsumer(broker)
        store = Webhooks(connect(settings.store, 5.0), settings.namespace, 1)
        url = f"http://127.0.0.1:{receiver.port}/"
        store.add(new_subscription(url, (BLOCKED, UNBLOCKED), "tests", store.now_ms()))
        readers = Readers(settings, pipeline.port, stream_port)
        kinds = {
            "Redis group": lambda: len(readers.group.got),
            "HTTP feed": lambda: len(readers.feed.got),
            "SSE stream": lambda: len(readers.sse.got),
            "webhook": lambda: len(hooked.got),
            "bus": lambda: len(bus.got),
        }
        client = Client(f"http://127.0.0.1:{pipeline.port}", SITE_KEY, timeout=10)
        for number in range(5):
            client.report("img-1", "violence", reporter_id=f"reader-{number}")
        wait_until(lambda: all(got() == 1 for got in kinds.values()), 60, "the block everywhere")
        moderator = Moderator(console_port, settings)
        wait_until(lambda: "Sign in" in moderator.get("/sign-in"), 30, "the console")
        assert moderator.post("/sign-in", moderator.get("/sign-in"), name="anna", password=PASSWORD) == 303
        page = moderator.get("/images/img-1")
        assert "5 people have reported it" in page
        start = time.monotonic()
        assert moderator.post("/images/img-1/decisions", page, decision="clear", next="/queue") == 303
        seconds: dict[str, float] = {}

        def all_told() -> bool:
            for name, got in kinds.items():
                if got() == 2 and name not in seconds:
                    seconds[name] = time.monotonic() - start
            return len(seconds) == len(kinds)

        wait_until(all_told, 60, "the news everywhere")
        print("  seconds from the click to each:", {name: round(one, 2) for name, one in seconds.items()})
        assert "img-1: cleared." in moderator.get("/queue")
        bus.stop()
        receiver.stop()
        decisions = Decisions(connect(settings.store, 5.0), settings.namespace, 1)
        policy = load_policy(settings.policy_path)
        readers.stop(lambda: decisions.decide(parse_image("end"), Action.BLOCK, "tests", policy, unfounded=False))
    assert {event["type"] for event in bus.got} == {BLOCKED, UNBLOCKED}
