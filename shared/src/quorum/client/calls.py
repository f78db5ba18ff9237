"""The calls of the HTTP API. Every call ends within its time-out; what may be tried again is tried again."""

import json
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

from quorum.client.refusals import ApiError, Unavailable, pause_after
from quorum.client.server_sent import read_sent
from quorum.client.transport import Answer, Transport
from quorum.errors import CursorExpired
from quorum.events.event import Event
from quorum.images.urls import UrlRules
from quorum.images.urls.rules import RULES_HEADER, read_document

TIMEOUT_SECONDS = 10.0
WAIT_SECONDS = 10  # of the feed, for the first event
SILENCE_SECONDS = 45.0  # a stream tells something every 15 s
PAGE = 1000
STREAM_PATH = "/v1/events/stream"
EXPIRED = "expired"  # the event with which a stream ends whose reader has fallen too far behind


@dataclass(frozen=True, slots=True)
class Status:
    """What is known of an image now; the score is in points."""

    image_id: str
    state: str  # open, held, blocked, cleared
    protected: bool
    epoch: int
    score: float
    reporters: int
    reasons: dict[str, int]
    blocked_at: datetime | None

    @property
    def blocked(self) -> bool:
        """Whether it must not be shown."""
        return self.state == "blocked"


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one report of a batch: 202, 422, 429 or 503, errors by field, the canonical id."""

    status: int
    errors: tuple[tuple[str, str], ...] = ()
    image_id: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """All that is blocked, and the cursor from which the events go on."""

    images: dict[str, datetime]
    cursor: str


class Client:
    """Talks to one quorum. It may be shared by threads.

    Every method raises ApiError when the API refuses, and Unavailable (a StoreUnavailable) when it cannot be reached or
    cannot answer just now, after a few tries. A `Retry-After` of at most a minute is waited out, a longer one raised.
    """

    def __init__(
        self, url: str, key: str | None = None, *, timeout: float = TIMEOUT_SECONDS, stream_url: str | None = None
    ) -> None:
        self._url = url.rstrip("/")
        self._stream_url = stream_url or self._url + STREAM_PATH
        self._transport = Transport(key, timeout)
        self.url_rules_version: str | None = None  # as the blocklist or events last told; None: the server has none

    def report(
        self, image_id: str, reason: str, reporter_id: str | None = None, *, language: str = "en", **more: Any
    ) -> str:
        """Report an image for a reader, and return what to tell them.

        `more`: reporter_since, content_hash, content_quality.
        """
        body = {"image_id": image_id, "reason": reason, "reporter_id": reporter_id, **more}
        given = {name: value for name, value in body.items() if value is not None}
        answer = self._ask("POST", "/v1/reports", given, {"Accept-Language": language})
        with _understood():
            return str(answer["message"])

    def report_many(self, reports: Iterable[dict[str, Any]]) -> list[Result]:
        """Send up to 1,000 reports; return what became of each, in order."""
        answer = self._ask("POST", "/v1/reports/batch", list(reports))
        with _understood():
            return [
                Result(
                    one["status"],
                    tuple((error["field"], error["message"]) for error in one.get("errors", ())),
                    one.get("image_id"),
                )
                for one in answer["results"]
            ]

    def status(self, image_id: str) -> Status:
        """Return what is known of one image."""
        answer = self._ask("GET", f"/v1/images/{quote(image_id, safe='')}")
        with _understood():
            return _status(answer)

    def statuses(self, image_ids: Iterable[str]) -> list[Status]:
        """Return what is known of up to 1,000 images, in order."""
        answer = self._ask("POST", "/v1/images/status", {"image_ids": list(image_ids)})
        with _understood():
            return [_status(one) for one in answer["images"]]

    def snapshot(self) -> Snapshot:
        """Return all that is blocked, and the cursor from which `events` go on without a gap."""
        images: dict[str, datetime] = {}
        query: dict[str, Any] = {"limit": PAGE}
        while True:
            answer = self._listed(f"/v1/blocklist?{urlencode(query)}")
            with _understood():
                page = json.loads(answer.data)
                images |= {one["image_id"]: datetime.fromisoformat(one["blocked_at"]) for one in page["images"]}
                if page["next"] is None:
                    return Snapshot(images, str(page["cursor"]))
                query["page"] = page["next"]

    def events(
        self,
        after: str | None = None,
        *,
        limit: int = 100,
        wait: int = 0,
        types: Iterable[str] = (),
        subject: str | None = None,
    ) -> tuple[list[Event], str]:
        """Return the events after a cursor, oldest first, and where to go on; wait some seconds for the first.

        `after="now"` begins with what comes. With `types` or `subject` there may be fewer, even none, before the end.
        Raises CursorExpired when events after the cursor are gone: begin again with `snapshot`.
        """
        query: list[tuple[str, Any]] = [("limit", limit), ("wait", wait), *(("type", one) for one in types)]
        query += [(name, value) for name, value in (("after", after), ("subject", subject)) if value is not None]
        answer = self._listed(f"/v1/events?{urlencode(query)}", wait)
        with _understood():
            found = json.loads(answer.data)
            if not isinstance(found, list):
                raise TypeError("it is no list")
            events = [Event.from_json(json.dumps(one), one["cursor"]) for one in found]
            return events, answer.headers["Quorum-Cursor"]

    def follow(self, after: str | None = None, *, types: Iterable[str] = ()) -> Iterator[Event]:
        """Yield events for ever, across outages; `event.cursor` of the last one dealt with is where to go on.

        Raises ApiError, CursorExpired.
        """
        types = tuple(types)
        while True:
            try:
                events, after = self.events(after, wait=WAIT_SECONDS, types=types)
            except (ApiError, Unavailable) as error:
                time.sleep(pause_after(error))
                continue
            yield from events

    def stream(self, after: str | None = None, *, types: Iterable[str] = ()) -> Iterator[Event]:
        """Yield events for ever from the stream (server-sent events), which it opens again after the last one.

        Raises ApiError, CursorExpired.
        """
        query = urlencode([("type", one) for one in types])
        url = f"{self._stream_url}?{query}" if query else self._stream_url
        while True:
            headers = {"Accept": "text/event-stream", **({"Last-Event-ID": after} if after else {})}
            try:
                for sent in read_sent(self._transport.pieces(url, headers, SILENCE_SECONDS), after or ""):
                    if sent.kind == EXPIRED:
                        raise CursorExpired("")
                    after = sent.id or after
                    if sent.data:
                        with _understood():
                            event = Event.from_json(sent.data, sent.id)
                        yield event
            except (ApiError, Unavailable) as error:
                time.sleep(pause_after(error))

    def url_rules(self) -> UrlRules:
        """Return which spellings of a URL are one image there. Raises ValueError for rules of a later release."""
        return read_document(self._ask("GET", "/v1/url-rules"))

    def _listed(self, path: str, wait: int = 0) -> Answer:
        answer = self._transport.ask("GET", self._url + path, wait=wait)
        self.url_rules_version = answer.headers.get(RULES_HEADER)
        return answer

    def _ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        answer = self._transport.ask(method, self._url + path, body, headers)
        with _understood():
            return json.loads(answer.data)


@contextmanager
def _understood() -> Iterator[None]:
    """Turn an answer that is none of quorum's (a proxy's page, an event of another form) into Unavailable."""
    try:
        yield
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise Unavailable(f"the answer is none of quorum's: {type(error).__name__}: {error}") from error


def _status(fields: dict[str, Any]) -> Status:
    blocked_at = fields["blocked_at"]
    return Status(
        image_id=fields["image_id"],
        state=fields["state"],
        protected=fields["protected"],
        epoch=fields["epoch"],
        score=fields["score"],
        reporters=fields["reporters"],
        reasons=fields["reasons"],
        blocked_at=datetime.fromisoformat(blocked_at) if blocked_at else None,
    )
