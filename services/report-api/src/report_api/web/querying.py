"""What may stand after the question mark: what a view says of itself, each once unless it is a list."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import request

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
