"""`/images/…`: all that is known of one image, and what happened to it."""

from flask import Blueprint, Response, url_for

from console.images.review import review_of
from console.images.words import CLASSES
from console.web.pages import show
from console.web.services import services

blueprint = Blueprint("images", __name__)


@blueprint.get("/images/<image_id:image_id>")
def page(image_id: str) -> Response:
    """Show an image."""
    parts = services()
    image = parts.image(image_id)
    return show(
        "images/page.html",
        200 if (known := parts.statuses.knows(image)) else 404,
        known=known,
        review=review_of(image),
        after=url_for("images.page", image_id=image.id),
        classes=CLASSES,
    )
