"""Decisions as a file: CSV for spreadsheets, or lines of JSON for programs. Streamed, and bounded."""

import csv
import io
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, fields
from itertools import chain, islice
from typing import Any

from flask import Response, stream_with_context

from console.audit.finding import Filters, Row, entries, row_of
from console.words.formats import machine
from quorum.moderation.trail import Trail

MOST_EXPORTED = 10_000
MOST_LOOKED_AT = 100_000
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # OWASP: what makes a spreadsheet calculate a cell
_TYPES = {"csv": "text/csv", "ndjson": "application/x-ndjson"}
_NAMES = ("at", *(field.name for field in fields(Row) if field.name != "at_ms"))


def exported(trail: Trail, filters: Filters, kind: str) -> Response:
    """Return the answer that streams a file. What is wrong before its first row is raised here, as `find` does."""
    looked_at = islice(entries(trail, filters, None), MOST_LOOKED_AT)
    rows = islice((row_of(said) for said, _ in looked_at if filters.take(said)), MOST_EXPORTED)
    first = list(islice(rows, 1))
    lines = (_csv if kind == "csv" else _ndjson)(chain(first, rows))
    headers = {"Content-Disposition": f'attachment; filename="quorum-decisions.{kind}"'}
    return Response(stream_with_context(lines), content_type=f"{_TYPES[kind]}; charset=utf-8", headers=headers)


def safe_cell(value: Any) -> Any:
    """Return a cell that no spreadsheet takes for a formula: one that begins like it gets an apostrophe before it."""
    return f"'{value}" if isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA) else value


def _csv(rows: Iterator[Row]) -> Iterator[str]:
    yield "\ufeff"  # spreadsheets take a file without it for one of another encoding
    yield _line(_NAMES)
    for row in rows:
        told = _told(row)
        yield _line([safe_cell(told[name]) for name in _NAMES])


def _line(cells: Iterable[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _ndjson(rows: Iterator[Row]) -> Iterator[str]:
    for row in rows:
        yield json.dumps(_told(row), ensure_ascii=False) + "\n"


def _told(row: Row) -> dict[str, Any]:
    told = asdict(row)
    at_ms = told.pop("at_ms")
    return {"at": None if at_ms is None else machine(at_ms), **told}
