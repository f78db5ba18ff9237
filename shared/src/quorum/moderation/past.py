"""Decisions that can be taken back: what each changed, as it is kept beside a tally (JSON, newest last)."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from quorum.errors import InvalidRecord
from quorum.judgement.figures.days import Days
from quorum.judgement.records import Row, State
from quorum.policy.accuracy import Standing
from quorum.tally.codec import decode_rows, decode_standing, encode_rows, encode_standing, rows_of, stored_rows

MOST_KEPT = 8  # decisions about one tally; older ones cannot be taken back any more

Change = tuple[Standing, Standing]  # a person's standing before a decision and after it


@dataclass(frozen=True, slots=True)
class Before:
    """What an image was before a decision."""

    state: State
    wary: bool
    score: int


@dataclass(slots=True)
class Past:
    """A decision that was made, and all that it takes to take it back."""

    action: str
    at_ms: int
    images: dict[bytes, Before]
    changes: dict[bytes, Change]  # by fingerprint: those whose reports it credited or blamed
    rows: dict[bytes, Row] = field(default_factory=dict)  # that it took out of the tally
    counted: Days = field(default_factory=dict)  # by which figures, of which days, it said who was right


def taken_back(standing: Standing, change: Change) -> Standing:
    """Return a standing without a change: counts lose what it added, and what it set is as before unless set anew."""
    before, after = change
    return replace(
        standing,
        upheld=max(standing.upheld - (after.upheld - before.upheld), 0),
        unfounded=max(standing.unfounded - (after.unfounded - before.unfounded), 0),
        strikes=before.strikes if standing.strikes == after.strikes else standing.strikes,
        warned=before.warned if standing.warned == after.warned else standing.warned,
        muted_until=before.muted_until if standing.muted_until == after.muted_until else standing.muted_until,
    )


def encode_past(past: list[Past]) -> bytes:
    """Return the last decisions as they are stored; in hex whatever names a person, so that `erase.lua` finds it."""
    return json.dumps([_one(each) for each in past[-MOST_KEPT:]], separators=(",", ":")).encode()


def decode_past(raw: bytes, names: Mapping[int, str]) -> list[Past]:
    """Return the decisions about a tally, oldest first; `names` are those of reason codes. Raises InvalidRecord."""
    try:
        return [_read(fields, names) for fields in json.loads(raw)]
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidRecord(f"the decisions about a tally cannot be read: {error}") from error


def _one(past: Past) -> dict[str, Any]:
    return {
        "action": past.action,
        "at": past.at_ms,
        "images": [[digest.hex(), one.state, one.wary, one.score] for digest, one in past.images.items()],
        "changes": [
            person.hex() + encode_standing(before).hex() + encode_standing(after).hex()
            for person, (before, after) in past.changes.items()
        ],
        "rows": [encode_rows((row,)).hex() for row in stored_rows(past.rows)],
        "counted": [[day, figures] for day, figures in past.counted.items()],
    }


def _read(fields: dict[str, Any], names: Mapping[int, str]) -> Past:
    changes = {}
    for text in fields["changes"]:
        raw = bytes.fromhex(text)
        changes[raw[:12]] = (decode_standing(raw[12:29]), decode_standing(raw[29:]))
    return Past(
        fields["action"],
        fields["at"],
        {bytes.fromhex(digest): Before(State(state), wary, score) for digest, state, wary, score in fields["images"]},
        changes,
        rows_of(decode_rows(b"".join(map(bytes.fromhex, fields["rows"]))), names),
        {int(day): Counter(figures) for day, figures in fields.get("counted", [])},  # none in earlier releases
    )
