"""What may stand after the question mark: what a view says of itself, each once unless it is a list."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import request

from quorum.images.urls.address import is_web_address
from report_api.web.describing import Operation, said_of
from report_api.web.problems import Refused


def refuse_unknown(view: Callable[..., Any]) -> None:
    """Refuse a parameter that the view does not describe, lest a misspelt one passes for none. Raises Refused."""
    said = said_of(view)
    described = said.parameters if isinstance(said, Operation) else ()
    in_query = {one["name"]: one["schema"].get("type") == "array" for one in described if one["in"] == "query"}
    check_names(in_query, request.args.lists())


def check_names(known: Mapping[str, bool], given: Iterable[tuple[str, list[str]]]) -> None:
    """Compare parameters with those that are known, which say whether they may come many times. Raises Refused."""
    for name, values in given:
        if name not in known:
            there = ", ".join(known)
            raise Refused(400, "unknown-parameter", "A parameter is not known", f"is none of {there}", name[:40])
        if len(values) > 1 and not known[name]:
            raise Refused(400, "parameter-twice", "A parameter came twice", "may be given once", name)


def refuse_unknown_beside(view: Callable[..., Any], image_id: str) -> None:
    """Refuse any parameter beside an image in the path, unless it is of the image's own URL. Raises Refused."""
    if "?" in image_id or not is_web_address(image_id):
        refuse_unknown(view)


def chosen(name: str, among: Sequence[str]) -> list[str]:
    """Return the values of a parameter, each of which is one of some. Raises Refused."""
    values = request.args.getlist(name)
    if not set(values) <= set(among):
        raise _refused(name, f"must be one of {', '.join(among)}")
    return values


def moment(name: str) -> int | None:
    """Return the time that a parameter gives, Unix ms; None when it is not given. Raises Refused."""
    raw = request.args.get(name)
    if raw is None:
        return None
    detail = "must be a time such as 2026-01-31T12:00:00Z (RFC 3339; `+` is written %2B in a URL)"
    try:
        given = datetime.fromisoformat(raw)
        if given.tzinfo is None:
            raise _refused(name, detail)
        return max(round(given.timestamp() * 1000), 0)
    except (ValueError, OverflowError) as error:
        raise _refused(name, detail) from error


def number(name: str) -> float | None:
    """Return the number that a parameter gives, 0 or more; None when it is not given. Raises Refused."""
    raw = request.args.get(name)
    if raw is None:
        return None
    try:
        given = float(raw)
    except ValueError:
        given = math.nan
    if not (raw.isascii() and math.isfinite(given) and given >= 0):
        raise _refused(name, "must be a number, 0 or more")
    return given


def _refused(name: str, detail: str) -> Refused:
    return Refused(400, f"invalid-{name.replace('_', '-')}", f"The parameter {name} is not valid", detail, name)
