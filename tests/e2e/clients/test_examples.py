"""The code that README.md, docs/events.md and the pages of the clients show, run against a real quorum."""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from browser import window
from client_drivers import CLIENTS, bare_environment, slim_environment
from conftest import ROOT, SITE_KEY, make_settings, running
from pipeline import CROSSING, Pipeline, whole_pipeline
from playwright.sync_api import expect
from redis_server import RedisServer, free_port, wait_until
from servers import newest_redis

from quorum.client import Client
from quorum.events.event import BLOCKED
from quorum.images.image import parse_image
from quorum.moderation.decisions import Action
from quorum.moderation.stored_decisions import Decisions
from quorum.policy.load import default_policy
from quorum.settings import Settings
from quorum.store.connection import connect
from quorum.store.keys import keys_of
from quorum.webhooks.subscription import Subscription, new_subscription, ping_event, signed_headers
from report_api.docs.asyncapi import event_schema

pytestmark = [pytest.mark.xdist_group("clients"), pytest.mark.timeout(200), pytest.mark.slow]
SNIPPETS = ROOT / "docs" / "snippets"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
RECEIVERS = ("receive_webhook.py", "receive_webhook.mjs", "receive_webhook.php")


def shown(page: Path, *languages: str) -> list[str]:
    """Return the blocks of a page in some languages."""
    return [text for language, text in BLOCK.findall(page.read_text(encoding="utf-8")) if language in languages]


def test_pages_show_the_programs_as_they_are_and_no_others() -> None:
    recipes = ["follow_feed.mjs", "stream_in_a_page.js", "receive_webhook.mjs", *RECEIVERS[::2]]
    languages = {language for language, _ in BLOCK.findall((ROOT / "docs/events.md").read_text(encoding="utf-8"))}
    assert languages == {"json", "js", "python", "php"}
    assert shown(ROOT / "docs/events.md", "js", "python", "php") == [(SNIPPETS / one).read_text() for one in recipes]
    assert shown(ROOT / "README.md", "python") == [(SNIPPETS / "consume.py").read_text()]
    for language, name in {"python": "tour.py", "node": "tour.mjs", "php": "tour.php"}.items():
        tour = (CLIENTS / language / "examples" / name).read_text(encoding="utf-8")
        assert shown(CLIENTS / language / "README.md", "python", "js", "php") == [tour]


@pytest.mark.runs("docs/events.md", "json")
def test_the_events_that_the_page_shows_are_events() -> None:
    blocked, test = map(json.loads, shown(ROOT / "docs/events.md", "json"))
    assert blocked.pop("cursor")  # of the feed
    blocked["id"] = blocked["id"].replace("…", "0" * 26)  # cut short on the page
    jsonschema.validate(blocked, event_schema(BLOCKED))
    subscription = new_subscription("https://example.org/", (BLOCKED,), "", 0)
    of_page = Subscription(
        test["data"]["webhook"], *(getattr(subscription, one) for one in ("url", "types", "secrets", "created_ms"))
    )
    assert test == ping_event(of_page, 1_795_454_130_123)


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pipeline]:
    directory = tmp_path_factory.mktemp("quorum")
    (directory / "redis").mkdir()
    server = RedisServer(newest_redis(), directory / "redis").start()
    settings = make_settings(server.url, namespace="quorum", read_access="open")
    with whole_pipeline(settings, directory) as started:
        yield started
    server.stop()


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of a site that has installed the clients as their pages say."""
    place = tmp_path_factory.mktemp("site")
    python = slim_environment(place)
    (place / "python").symlink_to(python)
    (place / "vendor").mkdir()
    (place / "vendor" / "autoload.php").write_text(f"<?php require '{CLIENTS}/php/autoload.php';")
    if shutil.which("npm"):
        command = ["npm", "install", "--offline", "--no-audit", "--no-fund", str(CLIENTS / "node")]
        subprocess.run(command, cwd=place, check=True, capture_output=True, timeout=60)
    for source in (*SNIPPETS.iterdir(), *CLIENTS.glob("*/examples/tour.*")):
        shutil.copy(source, place)
    return place


def command(project: Path, name: str, *arguments: str) -> list[str]:
    runtime = {"py": str(project / "venv/bin/python"), "mjs": shutil.which("node"), "php": shutil.which("php")}
    found = runtime[name.rpartition(".")[2]]
    if found is None:
        pytest.skip(f"nothing runs {name} here")
    return [found, name, *arguments]


def site(pipeline: Pipeline) -> dict[str, str]:
    url = f"http://127.0.0.1:{pipeline.port}"
    return {**bare_environment(), "QUORUM_URL": url, "QUORUM_SITE_KEY": SITE_KEY}


def block(pipeline: Pipeline, *images: str) -> None:
    client = Client(f"http://127.0.0.1:{pipeline.port}", SITE_KEY)
    readers = [f"reader-{number}" for number in range(CROSSING)]
    client.report_many({"image_id": one, "reason": "violence", "reporter_id": who} for one in images for who in readers)
    wait_until(lambda: all(one.blocked for one in client.statuses(images)), 10, "the blocks")


def clear(settings: Settings, image: str) -> None:
    with connect(settings.store, 5.0) as client:
        decisions = Decisions(client, settings.namespace, settings.partitions)
        decisions.decide(parse_image(image), Action.CLEAR, "tests", default_policy(), unfounded=False)


@contextmanager
def lines_of(words: list[str], project: Path, env: dict[str, str]) -> Iterator[Callable[[], list[str]]]:
    """Run a program, and give a call that returns the lines that it has told."""
    log = project / f"{words[1]}.{time.monotonic_ns()}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(words, cwd=project, env=env, stdout=output, stderr=output)

    try:
        yield lambda: log.read_text(encoding="utf-8").splitlines()
    finally:
        process.kill()
        process.wait(10)


@pytest.mark.parametrize("name", ["tour.py", "tour.mjs", "tour.php"])
def test_a_tour_of_a_client(name: str, pipeline: Pipeline, project: Path) -> None:
    block(pipeline, "img-1")
    (project / "blocklist.json").unlink(missing_ok=True)
    done = subprocess.run(
        command(project, name), cwd=project, env=site(pipeline), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    thanks, *_, last = done.stdout.splitlines()
    assert thanks.startswith("Merci d'avoir signalé")
    assert "true" in done.stdout.lower()
    assert last == f"{BLOCKED} img-1"
    assert "img-1" in json.loads((project / "blocklist.json").read_text())["images"]


@pytest.mark.runs("README.md", "python")
def test_the_readme_purges_what_is_blocked_and_nothing_else(pipeline: Pipeline, project: Path) -> None:
    settings = pipeline.settings
    block(pipeline, "consumed-1", "consumed-2")
    clear(settings, "consumed-1")
    with connect(settings.store, 5.0) as client:
        event = {"specversion": "1.0", "id": "h", "source": "/quorum", "time": "2026-01-01T00:00:00.000Z", "data": {}}
        for kind, subject in (("quorum.image.held.v1", "held-1"), ("quorum.shields.raised.v1", "shields")):
            told = json.dumps({**event, "type": kind, "subject": subject})
            client.xadd(keys_of(settings.namespace, 0).events, {"event": told})
    block(pipeline, "consumed-3")
    env = {**os.environ, "QUORUM_REDIS_URL": settings.redis_url}
    with lines_of([sys.executable, "consume.py"], project, env) as lines:
        wait_until(lambda: "purge consumed-3" in lines(), 20, "the last purge")
        told_of = [line for line in lines() if "consumed" in line or "held" in line or "shields" in line]
    assert told_of == ["purge consumed-1", "purge consumed-2", "purge consumed-3"]


@pytest.mark.runs("docs/events.md", "follow_feed.mjs")
def test_the_feed_goes_on_where_it_stopped(pipeline: Pipeline, project: Path) -> None:
    words = command(project, "follow_feed.mjs", str(project / "cursor"))
    block(pipeline, "followed-1")
    with lines_of(words, project, site(pipeline)) as lines:
        wait_until(lambda: "purge followed-1" in lines(), 20, "the first purge")
        wait_until((project / "cursor").exists, 5, "the cursor")
    clear(pipeline.settings, "followed-1")
    with lines_of(words, project, site(pipeline)) as lines:
        wait_until(lambda: "restore followed-1" in lines(), 20, "the second one")
        assert lines()[-1] == "restore followed-1"
        assert "purge consumed-1" not in lines()


@pytest.mark.runs("docs/events.md", "EventSource")
def test_a_page_hears_events_by_their_names(pipeline: Pipeline, tmp_path: Path) -> None:
    port = free_port()
    with running(["stream", "--port", str(port)], pipeline.env, tmp_path / "stream.log"), window() as opened:
        origin = f"http://127.0.0.1:{port}"
        wait_until(lambda: _answers(port), 20, "the stream")
        page = opened.page
        page.context.add_init_script("window.hide = (id) => document.title += ` hidden ${id}`;")
        page.context.add_init_script("window.show = (id) => document.title += ` shown ${id}`;")
        page.route(f"{origin}/page", lambda route: route.fulfill(content_type="text/html", body="<title>.</title>"))
        page.goto(f"{origin}/page")
        with page.expect_response("**/v1/events/stream*") as answer:
            page.evaluate((SNIPPETS / "stream_in_a_page.js").read_text() + "stream.onmessage = () => hide('unnamed');")
        assert answer.value.status == 200
        block(pipeline, "streamed-1")
        expect(page).to_have_title(re.compile("hidden streamed-1$"))
        clear(pipeline.settings, "streamed-1")
        expect(page).to_have_title(re.compile("hidden streamed-1 shown streamed-1$"))


def _answers(port: int) -> bool:
    try:
        return post(port, b"", {}, method="GET", path="/livez") == 200
    except OSError:
        return False


def post(port: int, body: bytes, headers: dict[str, str], *, method: str = "POST", path: str = "/hook") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request(method, path, body or None, headers)
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.runs("docs/events.md", "Receive webhooks")
@pytest.mark.parametrize("name", RECEIVERS)
def test_a_receiver_believes_quorum_and_nobody_else(name: str, project: Path) -> None:
    port = free_port()
    words = command(project, name, str(port))
    if name.endswith("php"):
        words = [words[0], "-S", f"127.0.0.1:{port}", name]
    now = int(time.time() * 1000)
    subscription = new_subscription("https://example.org/", (BLOCKED,), "", now - 1000)
    foreign = new_subscription("https://example.org/", (BLOCKED,), "", now - 1000)
    rotated = subscription.rotated(now)
    known: dict[str, Any] = {"specversion": "1.0", "source": "/quorum", "type": BLOCKED, "data": {}}
    body = json.dumps(
        {**known, "id": "e-1", "subject": "صورة-1", "time": "2026-11-23T17:15:30.123Z"}, ensure_ascii=False
    )
    ping = json.dumps(ping_event(subscription, now))
    env = {**bare_environment(), "WEBHOOK_SECRET": subscription.secrets[0].text}
    with lines_of(words, project, env) as lines:

        def deliver(of: Subscription, text: str, *, sent: str | None = None, at: int = now) -> int:
            return post(port, (sent or text).encode(), signed_headers(of, json.loads(text)["id"], text, at))

        def listens() -> bool:
            try:
                return post(port, b"{}", {}) == 401
            except OSError:
                return False

        wait_until(listens, 20, "the receiver")
        assert deliver(subscription, ping) == 204
        assert deliver(subscription, body) == 204
        assert deliver(rotated, body) == 204  # two signatures, of which one fits
        assert deliver(foreign, body) == 401
        assert deliver(subscription, body, sent=body.replace("1", "2")) == 401
        assert deliver(subscription, body, at=now - 400_000) == 401
        purged = [line for line in lines() if "purge" in line]
    assert len(purged) == 2
    assert all(line.endswith("purge صورة-1") for line in purged)


def test_the_types_name_what_the_node_client_exports() -> None:
    index = (CLIENTS / "node/index.js").read_text(encoding="utf-8")
    exported = {name.strip() for names in re.findall(r"export \{(.*?)\}", index) for name in names.split(",")}
    types = (CLIENTS / "node/index.d.ts").read_text(encoding="utf-8")
    assert exported == set(re.findall(r"^export (?:const|class|function) (\w+)", types, re.MULTILINE))
