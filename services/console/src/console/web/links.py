"""Links that several rooms make."""

from urllib.parse import quote


def image_path(image_id: str) -> str:
    """Return the page of an image; its id is percent-encoded whole, since it may be a URL."""
    return f"/images/{quote(image_id, safe='')}"
