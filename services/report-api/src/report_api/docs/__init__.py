"""`/docs`: the page that shows the OpenAPI document to people, made here, with nothing in line and of no other host."""

from functools import lru_cache
from typing import Any

from flask import Blueprint, current_app, render_template
from markupsafe import Markup, escape

from quorum.policy import Policy
from report_api.docs.openapi import document_of
from report_api.docs.reading import groups, schemas
from report_api.web.describing import left_out
from report_api.web.services import services

blueprint = Blueprint(
    "docs", __name__, url_prefix="/docs", static_folder="static", static_url_path="/static", template_folder="templates"
)


@blueprint.get("")
@blueprint.get("/", endpoint="folder")
@left_out("It shows the document to people.")
def page() -> str:
    """Show the page."""
    app: Any = current_app
    return render_template("docs.html", **_shown(app._get_current_object(), services().policy))  # noqa: SLF001


@lru_cache(maxsize=4)
def _shown(app: Any, policy: Policy) -> dict[str, Any]:
    document = document_of(app, policy)
    return {"about": document["info"], "groups": groups(document), "schemas": schemas(document)}


@blueprint.app_template_filter("with_code")
def with_code(text: str) -> Markup:
    """Return a text as HTML in which what stands between backticks is code."""
    parts = (escape(part) for part in text.split("`"))
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if odd % 2 else part for odd, part in enumerate(parts)
    )
