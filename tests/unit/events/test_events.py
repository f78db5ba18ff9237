"""CloudEvents: ids, times, and the JSON form."""

import json
from datetime import UTC, datetime

import pytest

from quorum.events.event import Event, event_id, timestamp


def test_the_same_decision_has_the_same_id_and_another_another() -> None:
    ids = {event_id(b"a" * 16, 1, "blocked"), event_id(b"a" * 16, 2, "blocked"), event_id(b"b" * 16, 1, "blocked")}
    assert len(ids) == 3
    assert event_id(b"a" * 16, 1, "blocked") == "61" * 16 + "-1-blocked"


def test_times_are_utc_with_milliseconds() -> None:
    assert timestamp(0) == "1970-01-01T00:00:00.000Z"
    assert timestamp(1_709_210_096_007) == "2024-02-29T12:34:56.007Z"


def test_an_event_survives_its_json_form() -> None:
    event = Event(
        "id-1", "quorum.image.blocked.v1", "img-é", datetime(2026, 1, 2, 3, 4, 5, 678000, UTC), {"epoch": 1}, "7-0"
    )
    form = event.as_cloudevent()
    assert form["specversion"] == "1.0"
    assert form["time"] == "2026-01-02T03:04:05.678Z"
    assert Event.from_json(json.dumps(form), "7-0") == event


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": 1}'])
def test_what_is_no_event_is_refused(text: str) -> None:
    with pytest.raises((KeyError, ValueError, TypeError)):
        Event.from_json(text, "1-0")
