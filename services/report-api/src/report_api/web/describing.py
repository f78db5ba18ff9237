"""What a view says of itself for the OpenAPI document. It stands right above the view, so that both change together.

What follows from the rest is not said again: the path and its parameters come from the route, the credential from the
table in `guard`, and the problems that every body, every credential and every call of Redis bring are added.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from marshmallow import Schema

View = TypeVar("View", bound=Callable[..., Any])
AnySchema = type[Schema] | Mapping[str, Any]  # a JSON Schema may hold marshmallow schemas, at any depth

_KEPT = "openapi"  # where a view keeps what it says
_JSON = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What a view says. `problems` are statuses, those that only this view has; `takes` is by media type."""

    summary: str
    description: str | None
    parameters: tuple[Mapping[str, Any], ...]
    takes: Mapping[str, AnySchema]
    answers: Mapping[int, Mapping[str, Any]]
    problems: tuple[int, ...]
    asks_redis: bool


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A view that is no part of the document, and why."""

    why: str


def documented(
    summary: str,
    description: str | None = None,
    *,
    parameters: tuple[Mapping[str, Any], ...] = (),
    takes: AnySchema | None = None,
    takes_lines: bool = False,
    answers: Mapping[int, Mapping[str, Any]],
    problems: tuple[int, ...] = (),
    asks_redis: bool = True,
) -> Callable[[View], View]:
    """Say of a view what it is for; `takes_lines` for one that takes its body as NDJSON, too."""
    bodies: dict[str, AnySchema] = {} if takes is None else {_JSON: takes}
    if takes_lines:
        bodies["application/x-ndjson"] = {"type": "string"}
    return _keep(
        Operation(
            summary=summary,
            description=description,
            parameters=parameters,
            takes=bodies,
            answers=answers,
            problems=problems,
            asks_redis=asks_redis,
        )
    )


def left_out(why: str) -> Callable[[View], View]:
    """Say that a view is no part of the API, and why."""
    return _keep(LeftOut(why))


def said_of(view: Callable[..., Any]) -> Operation | LeftOut | None:
    """Return what a view says of itself; None when it says nothing."""
    said: Operation | LeftOut | None = getattr(view, _KEPT, None)
    return said


def answer(
    description: str,
    schema: AnySchema | None = None,
    *,
    media: str = _JSON,
    headers: Mapping[str, Mapping[str, Any]] | None = None,
) -> dict[str, Any]:
    """Return an answer; one without a schema has no body."""
    said: dict[str, Any] = {"description": description}
    if headers:
        said["headers"] = headers
    if schema is not None:
        said["content"] = {media: {"schema": schema}}
    return said


def sent_header(schema: Mapping[str, Any], description: str | None = None) -> dict[str, Any]:
    """Return a header of an answer."""
    return {"schema": schema} if description is None else {"schema": schema, "description": description}


def in_query(name: str, schema: Mapping[str, Any], description: str | None = None) -> dict[str, Any]:
    """Return a parameter after the question mark."""
    return {"name": name, "in": "query", **sent_header(schema, description)}


def in_header(name: str, schema: Mapping[str, Any], description: str | None = None) -> dict[str, Any]:
    """Return a parameter that is a header of the request."""
    return {"name": name, "in": "header", **sent_header(schema, description)}


def _keep(said: Operation | LeftOut) -> Callable[[View], View]:
    def keep(view: View) -> View:
        setattr(view, _KEPT, said)
        return view

    return keep
