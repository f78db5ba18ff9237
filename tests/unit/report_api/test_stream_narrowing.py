"""A stream of some types: it gets those and no others, and its place goes on past what is left out."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quorum.events.event import BLOCKED, EVENT_TYPES, HELD, Event, cloud_event
from report_api.stream.hub import in_pieces
from report_api.stream.narrowing import narrowed, read_types
from report_api.web.problems import Refused


def event(number: int, kind: str) -> Event:
    # data in which a careless reader would find the end of an event, or another type
    data = {"text": f"a\n\nevent: {HELD}\n\nid: 7"}
    return Event.from_json(json.dumps(cloud_event(f"e-{number}", kind, "img", 1, data)), f"{number}-0")


def read(text: bytes) -> tuple[list[str], str]:
    """Return the subjects that an event source would tell of, and its last event id (WHATWG HTML, 9.2.6)."""
    told, last = [], ""
    for block in text.decode().split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines())
        last = fields.get("id", last)
        if "data" in fields:
            told.append(fields["event"])
    return told, last


@given(
    kinds=st.lists(st.sampled_from(EVENT_TYPES), min_size=1, max_size=30), wanted=st.sets(st.sampled_from(EVENT_TYPES))
)
def test_a_stream_gets_the_types_it_wants_and_stands_at_the_end(kinds: list[str], wanted: set[str]) -> None:
    pieces = list(in_pieces(event(number, kind) for number, kind in enumerate(kinds, 1)))
    answers = [read(narrowed(piece, read_types(wanted))) for piece in pieces]
    told = list(itertools.chain.from_iterable(kinds for kinds, _ in answers))
    assert told == [kind for kind in kinds if not wanted or kind in wanted]
    assert [last for _, last in answers] == [piece.cursor for piece in pieces]


def test_a_type_that_there_is_not_is_refused() -> None:
    assert read_types([BLOCKED, BLOCKED]) == {BLOCKED.encode()}
    with pytest.raises(Refused, match=r"must be one of quorum\.image\.blocked\.v1"):
        read_types(["blocked"])
