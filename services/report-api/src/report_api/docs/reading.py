"""The OpenAPI document as its page shows it: groups of operations, with fields, answers and an example to send."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from report_api.docs.examples import IN_PATHS

Document = Mapping[str, Any]
_BOUNDS = {
    "minLength": "at least {} characters",
    "maxLength": "at most {} characters",
    "minimum": "at least {}",
    "maximum": "at most {}",
    "minItems": "at least {} items",
    "maxItems": "at most {} items",
    "default": "by default {}",
}


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a schema, or a parameter; `schemas` are those that its kind names."""

    name: str
    kind: str
    schemas: tuple[str, ...]
    needed: bool
    told: str
    place: str = ""  # of a parameter: path, query or header
    example: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer of an operation."""

    status: str
    told: str
    kind: str
    schemas: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shown:
    """An operation."""

    id: str
    method: str
    path: str
    summary: str
    told: tuple[str, ...]
    scopes: tuple[str, ...]  # of an API key
    parameters: tuple[Field, ...]
    takes: tuple[Answer, ...]
    example: str  # of a body, JSON
    answers: tuple[Answer, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The operations of a tag."""

    name: str
    told: str
    operations: tuple[Shown, ...]


def groups(document: Document) -> list[Group]:
    """Return the operations by their tags, in the order of the document."""
    found: dict[str, list[Shown]] = {tag["name"]: [] for tag in document["tags"]}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            found[operation["tags"][0]].append(_shown(path, method, operation))
    return [Group(tag["name"], tag["description"], tuple(found[tag["name"]])) for tag in document["tags"]]


def schemas(document: Document) -> dict[str, tuple[Field, ...]]:
    """Return the fields of each named schema."""
    return {name: tuple(fields_of(schema)) for name, schema in sorted(document["components"]["schemas"].items())}


def fields_of(schema: Document) -> Iterator[Field]:
    """Yield the fields of an object, those that are needed first."""
    needed = set(schema.get("required", ()))
    for name, one in sorted(schema.get("properties", {}).items(), key=lambda pair: pair[0] not in needed):
        kind, named = kind_of(one)
        yield Field(name, kind, named, name in needed, _told(one))


def kind_of(schema: Document) -> tuple[str, tuple[str, ...]]:
    """Return what a value is, in words, and the schemas that the words name."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return name, (name,)
    for joined in ("allOf", "anyOf", "oneOf"):
        if joined in schema:
            parts = [kind_of(one) for one in schema[joined]]
            return " or ".join(kind for kind, _ in parts), tuple(name for _, names in parts for name in names)
    if "enum" in schema and "type" not in schema:
        return "string", ()
    kinds = schema.get("type", "anything")
    kind = " or ".join(kinds) if isinstance(kinds, list) else kinds
    inner = schema.get("items") or schema.get("additionalProperties")
    if isinstance(inner, Mapping) and inner:
        of, named = kind_of(inner)
        return f"{kind} of {of}", named
    return f"{kind} ({schema['format']})" if "format" in schema else kind, ()


def _told(schema: Document) -> str:
    inner = schema["items"] if isinstance(schema.get("items"), Mapping) else schema
    choices = ", ".join(f"`{choice}`" for choice in inner.get("enum", ()))
    bounds = ", ".join(
        words.format(schema[name]) for name, words in _BOUNDS.items() if schema.get(name) not in (None, "")
    )
    said = [
        schema.get("description", ""),
        f"One of {choices}." if choices else "",
        f"{bounds.capitalize()}." if bounds else "",
    ]
    return " ".join(filter(None, said))


def _shown(path: str, method: str, operation: Document) -> Shown:
    body = operation.get("requestBody", {}).get("content", {})
    example = next((one["example"] for one in body.values() if "example" in one), None)
    scopes = dict.fromkeys(scope for one in operation["security"] for scope in one.get("bearer", ()))
    return Shown(
        id=operation["operationId"],
        method=method.upper(),
        path=path,
        summary=operation["summary"],
        told=tuple(operation.get("description", "").split("\n\n")),
        scopes=tuple(scopes),
        parameters=tuple(map(_parameter, operation.get("parameters", ()))),
        takes=tuple(_content(media, media, one.get("schema", {})) for media, one in body.items()),
        example="" if example is None else json.dumps(example, indent=2, ensure_ascii=False),
        answers=tuple(_answer(status, one) for status, one in sorted(operation["responses"].items())),
    )


def _parameter(one: Document) -> Field:
    kind, named = kind_of(one["schema"])
    told = " ".join(filter(None, (one.get("description", ""), _told(one["schema"]))))
    example = IN_PATHS[one["name"]] if one["in"] == "path" else ""
    return Field(one["name"], kind, named, one.get("required", False), told, one["in"], example)


def _answer(status: str, one: Document) -> Answer:
    for content in one.get("content", {}).values():
        return _content(status, one["description"], content.get("schema", {}))
    return Answer(status, one["description"], "", ())


def _content(status: str, told: str, schema: Document) -> Answer:
    kind, named = kind_of(schema)
    return Answer(status, told, kind, named)
