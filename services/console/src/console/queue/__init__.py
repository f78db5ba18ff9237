"""What waits for a moderator."""

from flask import Blueprint, Response, redirect, url_for

from console.web.pages import show

blueprint = Blueprint("queue", __name__)


@blueprint.get("/")
def home() -> Response:
    """Begin with the queue."""
    return redirect(url_for("queue.page"), 303)  # type: ignore[return-value]


@blueprint.get("/queue")
def page() -> Response:
    """Show what waits."""
    return show("queue/page.html")
