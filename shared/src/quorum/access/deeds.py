"""What people inside did by hand to what is no image: accounts, keys, webhooks, shields, reporters. The last are kept.

Decisions about images are in the audit trail (`quorum.moderation.trail`), which never ends; these are few, and read by
those alone who look after the site.
"""

from dataclasses import dataclass
from typing import Any

from redis import Redis

from quorum.store.connection import translated_errors
from quorum.store.keys import keys_of

MOST_KEPT = 1000
MAX_CHARACTERS = 300  # of each text


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what to what, Unix ms; `detail` is what came of it, empty for nothing more to say."""

    at_ms: int
    who: str
    what: str
    about: str
    detail: str = ""


class Deeds:
    """The last deeds. Each method raises StoreUnavailable."""

    def __init__(self, client: Redis, namespace: str) -> None:
        self._client: Any = client  # its replies are bytes
        self._key = keys_of(namespace, 0).deeds

    def note(self, who: str, what: str, about: str, detail: str = "") -> None:
        """Keep a deed; older ones than the last MOST_KEPT or so are forgotten."""
        fields = {"who": who, "what": what, "about": about, "detail": detail}
        short = {name: text[:MAX_CHARACTERS] for name, text in fields.items()}
        with translated_errors():
            self._client.xadd(self._key, short, maxlen=MOST_KEPT, approximate=True)

    def last(self, limit: int) -> list[Deed]:
        """Return up to `limit` of them, newest first."""
        with translated_errors():
            found = self._client.xrevrange(self._key, count=limit)
        return [_deed(at, fields) for at, fields in found]


def _deed(at: bytes, fields: dict[bytes, bytes]) -> Deed:
    texts = {
        name: fields.get(name.encode(), b"").decode("utf-8", "replace") for name in ("who", "what", "about", "detail")
    }
    return Deed(int(at.partition(b"-")[0]), **texts)
