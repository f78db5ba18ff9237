"""The bytes of entries and records."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.errors import InvalidImageId, MalformedEntry
from quorum.images.image import parse_image
from quorum.judgement.records import Report, State
from quorum.policy.classes import CLASSES
from quorum.reporters.fingerprints import Networks, Reporter
from quorum.tally.codec import (
    Record,
    StoredRow,
    decode_entry,
    decode_record,
    encode_record,
    encode_report,
    encode_stamp,
)

NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,30}", fullmatch=True)


@given(
    text=st.text(min_size=1, max_size=200),
    reporter=st.builds(
        Reporter,
        st.sampled_from(CLASSES),
        st.binary(min_size=12, max_size=12),
        st.builds(Networks, *[st.integers(0, 65_535)] * 3),
        st.integers(0, 65_535),
        st.lists(st.binary(min_size=12, max_size=12), max_size=9).map(tuple),
    ),
    reason=NAMES,
    content=st.one_of(st.none(), st.binary(min_size=16, max_size=16)),
    at=st.integers(0, 2**48 - 1),
    trace=st.one_of(st.none(), st.binary(min_size=25, max_size=25)),
)
def test_an_entry_survives_the_way_through_the_inbox(  # noqa: PLR0917 - Hypothesis passes them by name
    text: str, reporter: Reporter, reason: str, content: bytes | None, at: int, trace: bytes | None
) -> None:
    try:
        image = parse_image(text)
    except InvalidImageId:
        return
    report = Report(image, reporter, reason, at, content, trace)
    assert decode_entry(encode_stamp(at) + encode_report(report)) == report


@pytest.mark.parametrize("kept", [0, 5, 6, 21, 33, 34, 35, 37, 38, 39, 46, 47, 48, 52])
def test_an_entry_cut_short_is_malformed(kept: int) -> None:
    whole = encode_stamp(1) + encode_report(Report(parse_image("image"), Reporter("verified", b"x" * 12), "violence"))
    assert kept < len(whole)
    with pytest.raises(MalformedEntry, match=f"entry of {kept} bytes cannot be decoded"):
        decode_entry(whole[:kept])


def test_a_record_is_read_as_the_script_writes_it() -> None:
    facts = b"\x12\x34\x01\x00\x3c\x00\x07\x00\x08\x00\x09"
    raw = b"\x00\x02\x01\x00\x00\x05\xdc" + b"f" * 12 + (1234).to_bytes(6, "big") + facts
    record = decode_record(raw)
    assert (record.epoch, record.state, record.score) == (2, State.BLOCKED, 1500)
    [row] = record.rows
    assert (row.fingerprint, row.received_ms, row.reason_code) == (b"f" * 12, 1234, 0x1234)
    assert (row.reporter_class, row.age, row.networks) == ("verified", 60, (7, 8, 9))
    assert encode_record(record) == raw


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("name", ["", "img-1", "\u0635\u0648\u0631\u0629"])
def test_a_record_comes_back_in_every_state_with_and_without_a_name(state: State, name: str) -> None:
    cleared = 77 if state is State.CLEARED else 0
    row = StoredRow(b"f" * 12, 5, 3, "trusted", 65_535, Networks(1, 2, 3))
    record = Record(3, state, (row, row), cleared, 900, name)
    assert decode_record(encode_record(record)) == record
