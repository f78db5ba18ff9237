"""When an account was made: which times cannot be meant, in bodies and in tokens."""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from quorum.policy.load import default_policy
from quorum.reporters.accounts import CLOCKS_DIFFER_SECONDS, EARLIEST, refused_since
from quorum.schemas.reports import ReportSchema

NOW = 1_800_000_000.0
REPORT = {"image_id": "img-1", "reason": "violence", "reporter_id": "reader-1"}


@given(st.floats(EARLIEST, NOW + CLOCKS_DIFFER_SECONDS))
def test_a_time_is_taken_in_seconds_and_in_no_other_unit(since: float) -> None:
    assert refused_since(since, NOW) is None
    for size, unit in ((1e3, "milliseconds"), (1e6, "microseconds"), (1e9, "nanoseconds")):
        assert f"is in {unit}; give seconds since 1970" in str(refused_since(since * size, NOW))


@given(st.floats(NOW + CLOCKS_DIFFER_SECONDS + 1, EARLIEST * 999))
def test_the_future_is_refused(since: float) -> None:
    assert "is in the future" in str(refused_since(since, NOW))


@given(st.floats(-1e12, EARLIEST - 1))
def test_what_is_before_the_web_is_refused(since: float) -> None:
    assert "is before 1990" in str(refused_since(since, NOW))


def told(since: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        ReportSchema(default_policy()).load({**REPORT, "reporter_since": since})
    messages: Any = caught.value.messages
    assert list(messages) == ["reporter_since"]
    return str(messages["reporter_since"][0])


@pytest.mark.parametrize("since", [1_769_860_800, 1_769_860_800_000, "1769860800000", "yesterday", "", True, {}, 1e400])
def test_a_body_has_a_time_as_text(since: Any) -> None:
    assert told(since).startswith("must be a time such as 2026-01-31T12:00:00Z")


def test_a_body_has_no_time_that_cannot_be_meant() -> None:
    now = datetime.now(UTC)
    for ahead in (timedelta(seconds=330), timedelta(days=1), timedelta(days=365_000)):
        assert "is in the future; give the time" in told((now + ahead).isoformat())
    for before in ("1989-12-31T23:59:59Z", "1970-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "0001-01-01T00:00:00Z"):
        assert "is before 1990" in told(before)
    for good in (now, now + timedelta(seconds=290), now - timedelta(days=9000)):
        for zone in ("+00:00", "+05:30", "-11:00"):
            text = good.astimezone(datetime.fromisoformat(f"2026-01-01T00:00:00{zone}").tzinfo).isoformat()
            loaded = ReportSchema(default_policy()).load({**REPORT, "reporter_since": text})
            assert loaded["reporter_since"].timestamp() == pytest.approx(good.timestamp())
    assert time.time() > EARLIEST
