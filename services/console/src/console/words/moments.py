"""Times that people type: in UTC, as `<input type="datetime-local">` sends them."""

from datetime import UTC, datetime

from console.web.problems import Wrong
from console.words.translating import gettext as _


def moment(text: str) -> int | None:
    """Return a time in Unix ms, None for an empty text. Raises Wrong. One without a zone is UTC."""
    if not text.strip():
        return None
    try:
        read = datetime.fromisoformat(text.strip())
        at = (read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError) as error:
        words = _("“%(text)s” is not a time. Write it as 2026-01-31T13:45; it is UTC.", text=text[:40])
        raise Wrong(422, words) from error
    if at < 0:
        raise Wrong(422, _("This time is before 1970."))
    return round(at * 1000)
