"""When images were published: the site tells it in a file, since the database asks for it and quorum does not know."""

from datetime import date
from pathlib import Path

from quorum.errors import InvalidImageId, PermanentError
from quorum.images.image import parse_image
from quorum.images.urls import UrlRules

MOST_LINES = 1_000_000
MOST_BYTES = 5000  # of a line
EARLIEST = date(2000, 1, 1)  # that the database takes


class DatesUnreadable(PermanentError):
    """A file of dates cannot be used; the message names the line."""


def read_dates(path: Path, rules: UrlRules) -> dict[bytes, int]:
    """Return the days of publication, as ordinals, by the digest of the image.

    A line is a day, a blank or tab, and the image id, as in `2026-01-31 img-1`. Raises DatesUnreadable.
    """
    found: dict[bytes, int] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(iter(lambda: lines.readline(MOST_BYTES + 1), b""), 1):
            if number > MOST_LINES:
                raise DatesUnreadable(f"{path}: more than {MOST_LINES:,} lines; give the images of the period alone")
            if len(line) > MOST_BYTES:
                raise DatesUnreadable(f"{path}, line {number}: is longer than {MOST_BYTES:,} bytes")
            if line.strip():
                digest, day = _read(path, number, line, rules)
                found[digest] = day
    return found


def _read(path: Path, number: int, line: bytes, rules: UrlRules) -> tuple[bytes, int]:
    try:
        day, _, image_id = line.decode().strip("\r\n").replace("\t", " ", 1).partition(" ")
        when = date.fromisoformat(day)
        image = parse_image(image_id.strip(), rules)
    except (ValueError, InvalidImageId) as error:
        raise DatesUnreadable(
            f"{path}, line {number}: must be a day and an image id, 2026-01-31 img-1: {error}"
        ) from error
    if when < EARLIEST:
        raise DatesUnreadable(f"{path}, line {number}: the database takes no day before {EARLIEST}")
    return image.digest, when.toordinal()
