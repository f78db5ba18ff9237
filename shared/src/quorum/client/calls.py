"""The calls of the HTTP API. Every call ends within its time-out; what may be tried again is tried again."""

import json
import random
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import urllib3
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from quorum.errors import CursorExpired, QuorumError, StoreUnavailable
from quorum.events.event import Event
from quorum.images.urls import UrlRules
from quorum.images.urls.rules import RULES_HEADER, read_document

TIMEOUT_SECONDS = 10.0
WAIT_SECONDS = 10  # of the feed, for the first event
PAGE = 1000
RETRIES = 3
BACKOFF_SECONDS = 0.2
PAUSE_SECONDS = (0.5, 2.0)  # before an unreachable server is asked again, jittered
_AGAIN = (429, 503)  # nothing was stored; reports count once, so that sending them again is safe


class ApiError(QuorumError):
    """The API refuses a call; `status` and `problem` (RFC 9457) say why."""

    def __init__(self, status: int, problem: dict[str, Any]) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem.get('title') or 'no detail'}")
        self.status = status
        self.problem = problem


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

    Every method raises ApiError when the API refuses, and StoreUnavailable when it cannot be reached or cannot answer
    just now, after a few tries.
    """

    def __init__(self, url: str, key: str | None = None, *, timeout: float = TIMEOUT_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = timeout
        self._pool = urllib3.PoolManager(maxsize=10)
        self.url_rules_version: str | None = None  # as the blocklist or events last told; None: the server has none
        self._retries = Retry(
            RETRIES,
            backoff_factor=BACKOFF_SECONDS,
            status_forcelist=_AGAIN,
            allowed_methods=None,
            raise_on_status=False,
            respect_retry_after_header=True,
        )

    def report(
        self, image_id: str, reason: str, reporter_id: str | None = None, *, language: str = "en", **more: Any
    ) -> str:
        """Report an image for a reader, and return what to tell them.

        `more`: reporter_since, content_hash, content_quality.
        """
        body = {"image_id": image_id, "reason": reason, "reporter_id": reporter_id, **more}
        given = {name: value for name, value in body.items() if value is not None}
        message: str = self._ask("POST", "/v1/reports", given, {"Accept-Language": language})["message"]
        return message

    def report_many(self, reports: Iterable[dict[str, Any]]) -> list[Result]:
        """Send up to 1,000 reports; return what became of each, in order."""
        answer = self._ask("POST", "/v1/reports/batch", list(reports))
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
        return _status(self._ask("GET", f"/v1/images/{quote(image_id, safe='')}"))

    def statuses(self, image_ids: Iterable[str]) -> list[Status]:
        """Return what is known of up to 1,000 images, in order."""
        answer = self._ask("POST", "/v1/images/status", {"image_ids": list(image_ids)})
        return [_status(one) for one in answer["images"]]

    def snapshot(self) -> Snapshot:
        """Return all that is blocked, and the cursor from which `events` go on without a gap."""
        images: dict[str, datetime] = {}
        query: dict[str, Any] = {"limit": PAGE}
        while True:
            page = json.loads(self._listed(f"/v1/blocklist?{urlencode(query)}").data)
            images |= {one["image_id"]: datetime.fromisoformat(one["blocked_at"]) for one in page["images"]}
            if page["next"] is None:
                return Snapshot(images, page["cursor"])
            query["page"] = page["next"]

    def events(self, after: str | None = None, *, limit: int = 100, wait: int = 0) -> tuple[list[Event], str]:
        """Return the events after a cursor, oldest first, and where to go on; wait some seconds for the first.

        Raises CursorExpired when events after the cursor are gone: begin again with `snapshot`.
        """
        query = {"limit": limit, "wait": wait, **({"after": after} if after else {})}
        response = self._listed(f"/v1/events?{urlencode(query)}", self._timeout + wait)
        found = json.loads(response.data)
        return [Event.from_json(json.dumps(one), one["cursor"]) for one in found], response.headers["Quorum-Cursor"]

    def follow(self, after: str | None = None) -> Iterator[Event]:
        """Yield events for ever, across outages; `event.cursor` of the last one dealt with is where to go on.

        Raises ApiError, CursorExpired.
        """
        while True:
            try:
                events, after = self.events(after, wait=WAIT_SECONDS)
            except StoreUnavailable:
                time.sleep(random.uniform(*PAUSE_SECONDS))  # noqa: S311 - jitter
                continue
            yield from events

    def url_rules(self) -> UrlRules:
        """Return which spellings of a URL are one image there. Raises ValueError for rules of a later release."""
        return read_document(self._ask("GET", "/v1/url-rules"))

    def _listed(self, path: str, timeout: float | None = None) -> urllib3.BaseHTTPResponse:
        response = self._send("GET", path, timeout=timeout)
        self.url_rules_version = response.headers.get(RULES_HEADER)
        return response

    def _ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        return json.loads(self._send(method, path, body, headers).data)

    def _send(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,
    ) -> urllib3.BaseHTTPResponse:
        try:
            response = self._pool.request(
                method,
                self._url + path,
                json=body,
                headers={**self._headers, **(headers or {}), **({"Content-Type": "application/json"} if body else {})},
                timeout=timeout or self._timeout,
                retries=self._retries,
                redirect=False,
            )
        except HTTPError as error:
            raise StoreUnavailable(f"{self._url} cannot be reached: {error}") from error
        if response.status < 300:  # noqa: PLR2004 - HTTP
            return response
        raise _error(response)


def _error(response: urllib3.BaseHTTPResponse) -> QuorumError:
    try:
        problem = json.loads(response.data)
    except ValueError:
        problem = {"title": response.reason}
    if response.status == 410:  # noqa: PLR2004 - HTTP
        return CursorExpired(problem.get("oldest", ""))
    if response.status >= 500:  # noqa: PLR2004 - HTTP
        return StoreUnavailable(f"{response.status}: {problem.get('detail', problem.get('title'))}")
    return ApiError(response.status, problem)


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
