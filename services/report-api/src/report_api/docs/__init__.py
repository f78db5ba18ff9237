"""`/docs/`: the page that shows the OpenAPI document, with Swagger UI from this server and nothing in line."""

from importlib.resources import files

import flask_swagger_ui
from flask import Blueprint, Response, abort, render_template, send_from_directory

from report_api.web.describing import left_out

_SWAGGER = files(flask_swagger_ui) / "dist"
_ASSETS = frozenset({"swagger-ui.css", "index.css", "swagger-ui-bundle.js", "favicon-32x32.png"})
_PAGE = "It shows the document to people."

blueprint = Blueprint(
    "docs", __name__, url_prefix="/docs", static_folder="static", static_url_path="/static", template_folder="templates"
)


@blueprint.get("")
@blueprint.get("/")
@blueprint.get("/index.html")
@left_out(_PAGE)
def page() -> str:
    """Show the page."""
    return render_template("docs.html")


@blueprint.get("/<name>")
@left_out(_PAGE)
def asset(name: str) -> Response:
    """Return one of the files of Swagger UI that the page asks for."""
    if name not in _ASSETS:
        abort(404)
    return send_from_directory(str(_SWAGGER), name)
