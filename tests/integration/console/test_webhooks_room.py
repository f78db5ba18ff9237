"""Webhooks in the console."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from console_forms import Person
from console_rooms import deliver, subscribe
from console_site import Console

from console.webhooks.looking import TYPES
from quorum.accounts.roles import Role
from quorum.events.event import EVENT_TYPES
from quorum.webhooks.subscription import TEST

SECRET = re.compile(r'value="(whsec_[\w+/=]+)"')
BLOCKED = "quorum.image.blocked.v1"


@pytest.fixture
def admin(console: Console) -> Person:
    return Person(console, Role.ADMIN)


def test_every_type_of_event_has_words() -> None:
    assert set(TYPES) == set(EVENT_TYPES)


def test_an_endpoint_is_added_and_its_secret_shown_once(console: Console, admin: Person) -> None:
    answer = admin.send("/webhooks", 201, url="https://add.example.org/hook", name="the CMS", types=[BLOCKED])
    found = SECRET.search(answer.text)
    assert found
    assert found[1] not in str(answer.headers)
    [one] = [hook for hook in console.parts.webhooks.all() if hook.name == "the CMS"]
    assert one.secrets[0].text == found[1]
    assert one.types == (BLOCKED,)
    page = admin.look(f"/webhooks/{one.id}")
    assert found[1] not in page + admin.look("/webhooks")
    again = admin.send("/webhooks", 409, url="https://ADD.example.org/hook", name="", types=[BLOCKED])
    assert one.id in again.text


@pytest.mark.parametrize(
    ("url", "types", "words"),
    [
        ("ftp://x.example.org/", [BLOCKED], "must be an http or https URL"),
        ("https://user:secret@x.example.org/", [BLOCKED], "no user name or password"),
        ("https://none.example.org/", [], "which events"),
        ("https://odd.example.org/", ["nonsense"], "which events"),
    ],
)
def test_an_endpoint_that_the_api_would_refuse_is_refused(
    console: Console, admin: Person, url: str, types: list[str], words: str
) -> None:
    before = len(console.parts.webhooks.all())
    assert words in admin.send("/webhooks", 422, url=url, name="", types=types).text
    assert len(console.parts.webhooks.all()) == before


def test_a_disabled_one_is_enabled_and_one_is_deleted(console: Console, admin: Person) -> None:
    hook = subscribe(console, "https://down.example.org/")
    console.parts.webhooks.disable(hook.id, "it failed for five days", console.now_ms())
    assert "it failed for five days" in admin.look("/webhooks")
    assert "gets its events again" in admin.told(f"/webhooks/{hook.id}/enable")
    assert console.parts.webhooks.get(hook.id).disabled_ms is None
    assert "The webhook is deleted" in admin.told(f"/webhooks/{hook.id}/remove")
    admin.look(f"/webhooks/{hook.id}", 404)
    admin.send(f"/webhooks/{hook.id}/remove", 404)


def test_a_new_secret_signs_beside_the_one_before(console: Console, admin: Person) -> None:
    hook = subscribe(console, "https://rotate.example.org/")
    found = SECRET.search(admin.send(f"/webhooks/{hook.id}/secret", 200).text)
    assert found
    secrets = [one.text for one in console.parts.webhooks.get(hook.id).secrets]
    assert secrets == [found[1], hook.secrets[0].text]


def test_a_test_event_is_queued(console: Console, admin: Person) -> None:
    hook = subscribe(console, "https://test.example.org/")
    assert "A test event is on its way" in admin.told(f"/webhooks/{hook.id}/test")
    [claim] = console.parts.webhooks.claim(hook, console.now_ms(), 1000, 9)
    assert TEST in claim.body


def test_the_events_of_a_time_are_sent_again(console: Console, admin: Person) -> None:
    console.report("img-replayed", 6)
    hook = subscribe(console, "https://replay.example.org/")
    now = datetime.now(UTC)
    span: dict[str, Any] = {
        "since": f"{now - timedelta(hours=1):%Y-%m-%dT%H:%M}",
        "until": f"{now + timedelta(hours=1):%Y-%m-%dT%H:%M}",
    }
    assert re.search(r"\d+ events? (is|are) sent again", admin.told(f"/webhooks/{hook.id}/replay", **span))
    assert console.parts.webhooks.backlog(hook.id)[0] >= 1
    backwards = {"since": span["until"], "until": span["since"]}
    for wrong in (backwards, {"since": "", "until": ""}, {"since": "yesterday", "until": "today"}):
        admin.send(f"/webhooks/{hook.id}/replay", 422, **wrong)


def test_what_was_given_up_is_listed_and_sent_again_once(console: Console, admin: Person) -> None:
    hook = subscribe(console, "https://dead.example.org/")
    console.report("img-given-up", 6)
    assert deliver(console, hook, ("dead",)) == ["img-given-up"]
    page = admin.look(f"/webhooks/{hook.id}")
    assert "Service Unavailable" in page
    assert "img-given-up" in page
    [letter] = console.parts.given_up.list(hook.id, 9)
    admin.send(f"/webhooks/{hook.id}/resend", 422, letter="x")
    assert "0 events are sent again" in admin.told(f"/webhooks/{hook.id}/resend", letter="1-1")
    assert "1 event is sent again" in admin.told(f"/webhooks/{hook.id}/resend", letter=letter.id)
    assert "0 events are sent again" in admin.told(f"/webhooks/{hook.id}/resend")
    store, now = console.parts.webhooks, console.now_ms()
    [claim] = store.claim(hook, now, 1000, 9)
    assert claim.subject == "img-given-up"
    assert store.settle(hook, claim, now, well=True)
    pings = f"{console.bench.keys.webhooks}{hook.id}:pings"
    assert not console.bench.client.exists(pings)
    assert store.backlog(hook.id) == (0, 0)


def test_a_row_that_cannot_be_read_is_named_and_can_be_deleted(console: Console, admin: Person) -> None:
    rows = f"{console.bench.keys.webhooks}subscriptions"
    console.bench.client.hset(rows, "broken-one", "{}")
    assert "broken-one" in admin.look("/webhooks")
    assert "cannot be read" in admin.look("/webhooks/broken-one", 409)
    admin.told("/webhooks/broken-one/remove")
    assert not console.bench.client.hexists(rows, "broken-one")


def test_one_that_nobody_queues_for_lags_behind(console: Console, admin: Person) -> None:
    hook = subscribe(console, "https://late.example.org/", "late")
    prefix, oldest = console.bench.keys.webhooks, console.now_ms() - 3_600_000
    console.bench.report("img-late", "reader-0", at=oldest)
    for number in range(6):
        console.bench.report("img-late", f"reader-{number}", at=oldest)
    console.bench.drain()
    assert console.bench.client.hget(f"{prefix}cursors", hook.id)
    assert "lags behind" in admin.look(f"/webhooks/{hook.id}")
