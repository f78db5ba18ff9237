"""The OpenAPI 3.1 document, made from the routes: what views say of themselves, the table of `guard`, the schemas."""

import json
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from flask import Flask, Response, request
from marshmallow import Schema
from werkzeug.routing import Rule

from quorum import __version__
from quorum.access.keys import Scope
from quorum.images.image import MAX_SENT_BYTES
from quorum.policy import Policy
from quorum.policy.model import LANGUAGES
from quorum.schemas.events import AppealDataSchema, CloudEventSchema, EventDataSchema, ShieldsDataSchema
from quorum.schemas.images import ImageIdsSchema
from quorum.schemas.moderation import DecisionsSchema
from quorum.schemas.problems import ProblemSchema
from quorum.schemas.redress.appeals import LodgedSchema
from quorum.schemas.reporters import ReporterIdsSchema
from quorum.schemas.reports import ReportSchema, WithdrawalSchema
from quorum.schemas.visibility import LookUpSchema
from report_api.access.guard import ANYONE, NEEDS, REPORTER, Need
from report_api.access.unauthorized import TITLES
from report_api.docs.examples import body_of
from report_api.docs.tags import described, tag_of
from report_api.telemetry.observe import as_template
from report_api.web.describing import LeftOut, Operation, in_header, left_out, said_of
from report_api.web.problems import PROBLEM_TYPE
from report_api.web.services import services

DOCUMENT_URL = "/openapi.json"
_JSON = "application/json"

_PROBLEMS = {
    400: "The request cannot be read.",
    401: f"Who is calling is not known; the end of `type` says why: {', '.join(f'`{kind}`' for kind in TITLES)}.",
    403: "The API key may not do this.",
    410: "The cursor is older than the events that are kept.",
    404: "There is no such webhook, image or statement.",
    409: "It does not fit what is there; the detail says why.",
    412: "The state has passed; `state` and the `ETag` are the present ones.",
    413: "The body is too large.",
    415: "The body is not JSON.",
    422: "The report is not valid; `errors` names each field.",
    429: "Too many in this minute; nothing was stored. Go on after the time in Retry-After.",
    503: "Redis cannot take or answer it just now; nothing was stored. Retry after the time in Retry-After.",
}
_OF_BODIES = (400, 413, 415, 422)
_OF_CREDENTIALS = (401, 403)
_OF_REDIS = (503,)
_RETRIED = frozenset({429, 503})
_RETRY_AFTER = {"Retry-After": {"description": "Seconds.", "schema": {"type": "integer"}}}
_TOLD_TO_READERS = frozenset({401, 403, 422, 429, 503})
_LANGUAGE = {"Content-Language": {"description": "Of title and detail.", "schema": {"type": "string"}}}
_ASKED_LANGUAGE = in_header(
    "Accept-Language", {"type": "string"}, f"Language of what readers are told: {', '.join(LANGUAGES)}."
)

_IN_PATHS: dict[str, dict[str, Any]] = {
    "image_id": {
        "schema": {"type": "string", "minLength": 1, "maxLength": MAX_SENT_BYTES},
        "description": "The site's own id of the image; characters that a path cannot hold percent-encoded.",
    },
}
_SAID_BY_FLASK = frozenset({"HEAD", "OPTIONS"})  # it answers these of its own accord
_OF_POLICY = (
    ReportSchema,
    WithdrawalSchema,
    ImageIdsSchema,
    LookUpSchema,
    ReporterIdsSchema,
    DecisionsSchema,
    LodgedSchema,
)  # schemas whose fields depend on the policy
_NAMES: dict[type[Schema], str] = {CloudEventSchema: "Event"}  # where the class is called otherwise
_DATA = (EventDataSchema, ShieldsDataSchema, AppealDataSchema)  # what is in an event, which no route answers by itself


def openapi(app: Flask, policy: Policy) -> dict[str, Any]:
    """Return the OpenAPI document of the API under `policy`. Raises LookupError for a view that says nothing."""
    spec = APISpec(
        title="quorum",
        version=__version__,
        openapi_version="3.1.0",
        info={
            "description": "Blocks an image once enough different people have reported it.",
            "license": {"name": "Apache-2.0"},
        },
        plugins=[MarshmallowPlugin()],
        tags=described(),
    )
    spec.components.security_scheme(
        "bearer",
        {"type": "http", "scheme": "bearer", "description": "The API key of a site's backend, with a scope."},
    )
    spec.components.security_scheme(
        "token", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": "A reader's token."}
    )
    schemas = _Schemas(spec, policy)
    for rule, method, said in documented_routes(app):
        operation = schemas.named_in(_operation(rule, said, policy))
        spec.path(as_template(rule.rule), operations={method.lower(): operation})
    schemas.named_in(_DATA)
    document: dict[str, Any] = spec.to_dict()
    return document


@lru_cache(maxsize=4)
def document_of(app: Flask, policy: Policy) -> dict[str, Any]:
    """Return the same, made once; nobody may change it."""
    return openapi(app, policy)


def documented_routes(app: Flask) -> Iterator[tuple[Rule, str, Operation]]:
    """Yield every route that is part of the API, with each method. Raises LookupError for a view that says nothing."""
    for rule in app.url_map.iter_rules():
        said = said_of(app.view_functions[rule.endpoint])
        if isinstance(said, LeftOut) or _is_of_files(rule):
            continue
        if said is None:
            raise LookupError(f"{rule.endpoint} says nothing of itself: give it @documented, or @left_out and why")
        for method in sorted((rule.methods or set()) - _SAID_BY_FLASK):
            yield rule, method, said


def _is_of_files(rule: Rule) -> bool:
    """Tell whether a route gives the files of a page: the view is Flask's own."""
    return bool(rule.endpoint.rpartition(".")[2] == "static")


def require_documented(app: Flask) -> None:
    """Let no route be added without a word of what it is for. Raises LookupError."""
    for _ in documented_routes(app):
        pass


def register(app: Flask) -> None:
    """Serve the document."""

    @lru_cache(maxsize=4)
    def made(policy: Policy) -> str:
        return json.dumps(document_of(app, policy), ensure_ascii=False)

    @app.get(DOCUMENT_URL)
    @left_out("It is the document.")
    def openapi_document() -> Response:
        headers = {"Vary": "X-Forwarded-Prefix"}
        document = _served_at(request.root_path, made(services().policy))
        return Response(document, headers=headers, content_type="application/json")


def _served_at(root: str, document: str) -> str:
    """Add where the API is, when that is below a path."""
    return json.dumps({"servers": [{"url": root}]})[:-1] + ", " + document[1:] if root else document


class _Schemas:
    """Puts each schema that is used into the components, once, and a reference in its place."""

    def __init__(self, spec: APISpec, policy: Policy) -> None:
        self._spec = spec
        self._policy = policy

    def named_in(self, part: Any) -> Any:
        """Return a part of the document with references for schemas."""
        if isinstance(part, type):
            return {"$ref": f"#/components/schemas/{self._name(part)}"}
        if isinstance(part, Mapping):
            return {name: self.named_in(inner) for name, inner in part.items()}
        return [self.named_in(inner) for inner in part] if isinstance(part, list | tuple) else part

    def _name(self, schema: type[Schema]) -> str:
        name = _NAMES.get(schema, schema.__name__.removesuffix("Schema"))
        if name not in self._spec.components.schemas:
            made = schema(self._policy) if issubclass(schema, _OF_POLICY) else schema()
            self._spec.components.schema(name, schema=made)
        return name


def _operation(rule: Rule, said: Operation, policy: Policy) -> dict[str, Any]:
    need = NEEDS[rule.endpoint]
    _, _, view = rule.endpoint.rpartition(".")
    operation: dict[str, Any] = {
        "operationId": _camel_case(view),
        "summary": said.summary,
        "description": "\n\n".join(filter(None, (said.description, f"Needs {need.told}."))),
        "tags": [tag_of(rule.endpoint)],
        "security": _security(need),
    }
    of_readers = [_ASKED_LANGUAGE] if need is REPORTER else []
    parameters = [*map(_in_path, sorted(rule.arguments)), *of_readers, *said.parameters]
    if parameters:
        operation["parameters"] = parameters
    if said.takes:
        content: dict[str, Any] = {media: {"schema": schema} for media, schema in said.takes.items()}
        content[_JSON]["example"] = body_of(rule.endpoint, policy)
        operation["requestBody"] = {"required": True, "content": content}
    implied = (
        *(_OF_BODIES if said.takes else ()),
        *(_OF_CREDENTIALS if need is not ANYONE else ()),
        *(_OF_REDIS if said.asks_redis else ()),
    )
    problems = {status: _problem(status) for status in sorted({*implied, *said.problems})}
    operation["responses"] = {str(status): one for status, one in sorted({**problems, **said.answers}.items())}
    return operation


def _security(need: Need) -> list[dict[str, list[str]]]:
    """Return what the document says of credentials; an API key's scopes are told as roles."""
    if need is REPORTER:
        return [{"bearer": [Scope.REPORT.value]}, {"token": []}, {}]
    if not need.scopes:
        return []
    keys = [{"bearer": [scope.value]} for scope in need.scopes]
    return [*keys, {}] if need.may_be_open else [*keys]


def _problem(status: int) -> dict[str, Any]:
    told: dict[str, Any] = {"description": _PROBLEMS[status], "content": {PROBLEM_TYPE: {"schema": ProblemSchema}}}
    headers = {**(_RETRY_AFTER if status in _RETRIED else {}), **(_LANGUAGE if status in _TOLD_TO_READERS else {})}
    return {**told, "headers": headers} if headers else told


def _in_path(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, **_IN_PATHS.get(name, {"schema": {"type": "string"}})}


def _camel_case(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
