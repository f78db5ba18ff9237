"""What may be asked of `GET /v1/events`: from now on, of some types, of one image; and nothing that is misspelt."""

import json
from typing import Any

import pytest
from conftest import SITE_KEY, claimed_app
from flask.testing import FlaskClient
from store import Bench

from quorum.events import feed as feed_module
from quorum.events.event import BLOCKED, HELD, SHIELDS_RAISED, cloud_event
from quorum.settings import Settings
from quorum.store.keys import keys_of

KEY = {"Authorization": f"Bearer {SITE_KEY}"}


@pytest.fixture
def client(bench: Bench, settings: Settings) -> FlaskClient:
    return claimed_app(settings, lambda _: None).test_client()


def write(bench: Bench, kind: str, subject: str) -> None:
    """Append an event as the scripts do."""
    event = json.dumps(cloud_event(f"{subject}-{kind}", kind, subject, 1_760_000_000_000, {}))
    bench.client.xadd(bench.keys.events, {"event": event})


def ask(client: FlaskClient, query: str) -> Any:
    return client.get(f"/v1/events?{query}", headers=KEY)


def subjects(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [event["subject"] for event in answer.get_json()]


def refused(answer: Any) -> tuple[int, str, str]:
    problem = answer.get_json()
    return answer.status_code, problem["type"].rpartition(":")[2], problem["detail"]


def test_now_is_the_cursor_after_which_only_new_events_come(client: FlaskClient, bench: Bench) -> None:
    write(bench, BLOCKED, "before")
    now = ask(client, "after=now")
    assert subjects(now) == []
    write(bench, BLOCKED, "later")
    assert subjects(ask(client, f"after={now.headers['Quorum-Cursor']}")) == ["later"]


def test_an_empty_feed_knows_now_too(client: FlaskClient, bench: Bench) -> None:
    cursor = ask(client, "after=now").headers["Quorum-Cursor"]
    write(bench, BLOCKED, "first")
    assert subjects(ask(client, f"after={cursor}")) == ["first"]


def test_types_are_chosen_and_the_next_page_keeps_the_choice(client: FlaskClient, bench: Bench) -> None:
    for number in range(3):
        write(bench, BLOCKED, f"blocked-{number}")
        write(bench, HELD, f"held-{number}")
    write(bench, SHIELDS_RAISED, "shields")
    first = ask(client, f"type={HELD}&limit=2")
    assert subjects(first) == ["held-0", "held-1"]
    rest = client.get(first.headers["Link"].split("<")[1].split(">")[0], headers=KEY)
    assert subjects(rest) == ["held-2"]
    assert subjects(ask(client, f"type={HELD}&type={SHIELDS_RAISED}")) == ["held-0", "held-1", "held-2", "shields"]


def test_an_image_is_found_in_any_spelling(client: FlaskClient, bench: Bench) -> None:
    write(bench, BLOCKED, "https://example.org/a.jpg")
    write(bench, BLOCKED, "img-1")
    write(bench, SHIELDS_RAISED, "shields")
    assert subjects(ask(client, "subject=img-1")) == ["img-1"]
    assert subjects(ask(client, "subject=HTTP://Example.org:80/a.jpg%3Futm_source=x")) == ["https://example.org/a.jpg"]
    assert subjects(ask(client, "subject=shields")) == ["shields"]
    assert subjects(ask(client, f"subject=img-1&type={HELD}")) == []


def test_a_rare_event_is_found_behind_many_others_a_bounded_step_at_a_time(
    client: FlaskClient, bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "PAGE", 10)
    monkeypatch.setattr(feed_module, "MOST_LOOKED_AT", 30)
    for number in range(75):
        write(bench, BLOCKED, f"img-{number}")
    write(bench, HELD, "rare")
    found, cursors, after = list[str](), list[str](), "0"
    while not cursors or after != cursors[-1]:
        cursors.append(after)
        answer = ask(client, f"after={after}&type={HELD}")
        found, after = found + subjects(answer), answer.headers["Quorum-Cursor"]
    assert found == ["rare"]
    assert len(cursors) == 4  # 30, 60, to the end, and once more to see that it is the end
    assert subjects(ask(client, f"after=0&type={HELD}&wait=1")) == ["rare"]  # a wait takes as many steps as it needs


def test_a_feed_that_is_empty_by_its_age_gives_a_cursor_that_is_not_too_old(client: FlaskClient, bench: Bench) -> None:
    bench.client.set(bench.keys.trimmed, "1000-0")
    cursor = ask(client, "").headers["Quorum-Cursor"]
    assert subjects(ask(client, f"after={cursor}")) == []


@pytest.mark.parametrize(
    ("query", "kind", "told"),
    [
        ("types=x", "unknown-parameter", "types: is none of after, type, subject, limit, wait"),
        ("after=0&After=0", "unknown-parameter", "After: is none of"),
        ("after=0&after=now", "parameter-twice", "after: may be given once"),
        ("type=blocked", "invalid-type", "must be one of quorum.image.blocked.v1"),
        ("type=", "invalid-type", "must be one of"),
        ("subject=", "invalid-subject", "must not be empty"),
        ("subject=https://user@example.org/", "invalid-subject", "user name"),
    ],
)
def test_what_is_misspelt_is_refused_and_named(client: FlaskClient, query: str, kind: str, told: str) -> None:
    status, found, detail = refused(ask(client, query))
    assert (status, found) == (400, kind)
    assert told in detail


def test_partitions_are_read_together(settings: Settings, bench: Bench) -> None:
    feed = feed_module.Feed(bench.client, settings.namespace, 2)
    for number, kind in enumerate([HELD, BLOCKED, HELD, BLOCKED]):
        event = cloud_event(f"e-{number}", kind, f"img-{number}", 1, {})
        bench.client.xadd(
            keys_of(settings.namespace, number % 2).events, {"event": json.dumps(event)}, id=f"{number + 1}-0"
        )
    wanted = feed_module.Wanted(frozenset({HELD}))
    first, cursor = feed.wanted_after(None, 1, wanted)
    rest, _ = feed.wanted_after(cursor, 5, wanted)
    assert [event.subject for event in first + rest] == ["img-0", "img-2"]
