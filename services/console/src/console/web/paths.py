"""Image ids in paths: any characters at all, slashes and those of URLs, too."""

from flask import Flask
from werkzeug.routing import PathConverter


class _ImageId(PathConverter):
    part_isolating = False
    regex = r"[\s\S]+?"


def take_image_ids(app: Flask) -> None:
    """Let routes have `<image_id:…>`. A `?` in an id must be encoded, as `url_for` does."""
    app.url_map.converters["image_id"] = _ImageId
    app.url_map.merge_slashes = False  # an id may be a URL
