"""Everything that a decision looks at, read from Redis, and written back as cells that must not have changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from redis import Redis

from quorum.errors import DataMissing
from quorum.images.image import Image, bucket_of
from quorum.judgement.records import State, Tally
from quorum.moderation.appeals.appeals import Appeal, decode_appeals, encode_appeals
from quorum.moderation.decisions import Docket
from quorum.moderation.past import MOST_KEPT, decode_past, encode_past
from quorum.policy.accuracy import Standing
from quorum.policy.model import Policy
from quorum.store.keys import Keys
from quorum.store.layout import LAYOUT
from quorum.tally.codec import (
    Record,
    decode_copies,
    decode_record,
    decode_standing,
    encode_copies,
    encode_record,
    encode_standing,
    parted_from,
    picture_of,
    rows_of,
    stored_rows,
)

Cell = tuple[str, bytes]  # a hash and a field of it


@dataclass(slots=True)
class StoredDocket:
    """A docket, what each cell that it was made of held, and since when one of its images waits (None: none does).

    `appeals` are those of each of its images, by digest: what is put there is written with the decision.
    """

    docket: Docket
    cells: dict[Cell, bytes]
    keys: Keys
    since_ms: int | None
    appeals: dict[bytes, list[Appeal]]

    def changed(self) -> Iterator[tuple[str, bytes, bytes, bytes]]:
        """Yield each cell that was read, key and field, what it held, and what it is to hold; empty for nothing."""
        written = dict(self._written())
        for cell, old in self.cells.items():
            yield *cell, old, written.pop(cell, old)
        for cell, new in written.items():
            yield *cell, b"", new

    def _written(self) -> Iterator[tuple[Cell, bytes]]:
        docket, keys = self.docket, self.keys
        for digest, (_, tally) in docket.images.items():
            yield _cell(keys.images, digest), _record(tally)
        if docket.picture:
            yield _cell(keys.images, docket.picture), _record(docket.holder)
            copies = docket.holder.copies
            yield _cell(keys.copies, docket.picture), encode_copies(copies)
            if docket.asked not in copies:
                yield _cell(keys.aliases, docket.asked), parted_from(docket.picture)
        past = docket.past[-MOST_KEPT:]
        yield _cell(keys.decided, docket.picture or docket.asked), encode_past(past) if past else b""
        for person, standing in docket.standings.items():
            known = self.cells[_cell(keys.reporters, person)]
            yield _cell(keys.reporters, person), encode_standing(standing) if known or standing != Standing() else b""
        for digest, appeals in self.appeals.items():
            yield _cell(keys.appeals, digest), encode_appeals(appeals)


class _Reader:
    """Reads cells of hashes, and remembers what they held."""

    def __init__(self, client: Redis, keys: Keys) -> None:
        self._client = client
        self._keys = keys
        self.cells: dict[Cell, bytes] = {}

    def read(self, *wanted: Cell) -> list[bytes]:
        """Return what each holds, empty for nothing. Raises DataMissing, lest what was lost seem not to be."""
        pipe = self._client.pipeline(transaction=False)
        for key, field in wanted:
            pipe.hget(key, field)
        pipe.hexists(self._keys.meta, LAYOUT)
        *found, there = pipe.execute()
        if not there:
            raise DataMissing
        held = [raw or b"" for raw in found]
        self.cells.update(zip(wanted, held, strict=True))
        return held


def read_docket(client: Redis, keys: Keys, image: Image, policy: Policy) -> StoredDocket:
    """Return all that a decision about an image looks at. Raises DataMissing."""
    reader = _Reader(client, keys)
    [alias] = reader.read(_cell(keys.aliases, image.digest))
    picture = picture_of(alias)
    holder = picture or image.digest
    raw, copies, past = reader.read(*(_cell(prefix, holder) for prefix in (keys.images, keys.copies, keys.decided)))
    shown = decode_copies(copies) if picture else {image.digest: image.id}
    others = [digest for digest in shown if digest != holder]
    records = [raw, *reader.read(*(_cell(keys.images, digest) for digest in others))]
    tallies = {digest: _tally(one, policy) for digest, one in zip([holder, *others], records, strict=True)}
    tallies[holder].copies = shown if picture else {}
    decided = decode_past(past, policy.names_by_code) if past else []
    people = list({*tallies[holder].rows, *(decided[-1].changes if decided else ())})
    known = reader.read(*(_cell(keys.reporters, person) for person in people))
    appeals = reader.read(*(_cell(keys.appeals, digest) for digest in shown))
    blocked_at, since_ms = _lists(client, keys, image, shown.values())
    docket = Docket(
        image.digest,
        {digest: (image_id, tallies[digest]) for digest, image_id in shown.items()},
        tallies[holder],
        picture,
        decided,
        {person: decode_standing(one) if one else Standing() for person, one in zip(people, known, strict=True)},
        blocked_at,
    )
    heard = {digest: decode_appeals(one) for digest, one in zip(shown, appeals, strict=True)}
    return StoredDocket(docket, reader.cells, keys, since_ms, heard)


def _lists(client: Redis, keys: Keys, image: Image, shown: Iterable[str]) -> tuple[int, int | None]:
    """Return when an image was blocked, and since when the first of `shown` waits, Unix ms (0 and None: not so)."""
    pipe = client.pipeline(transaction=False)
    pipe.zscore(keys.blocked, image.id)
    for image_id in shown:
        pipe.zscore(keys.held, image_id)
    blocked_at, *waiting = pipe.execute()
    return int(blocked_at or 0), min((int(since) for since in waiting if since is not None), default=None)


def _cell(prefix: str, digest: bytes) -> Cell:
    return f"{prefix}{bucket_of(digest)}", digest


def _tally(raw: bytes, policy: Policy) -> Tally:
    record = decode_record(raw) if raw else Record(1, State.OPEN)
    rows = rows_of(record.rows, policy.names_by_code)
    return Tally(
        record.epoch, record.state, rows, record.cleared_ms, score=record.score, name=record.name, wary=record.wary
    )


def _record(tally: Tally) -> bytes:
    rows = stored_rows(tally.rows)
    return encode_record(Record(tally.epoch, tally.state, rows, tally.cleared_ms, tally.score, tally.name, tally.wary))
