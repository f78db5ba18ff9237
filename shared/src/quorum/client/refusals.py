"""How the server says no, and how long a client waits before it asks again."""

import json
import random
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from quorum.errors import CursorExpired, QuorumError, StoreUnavailable

RETRIES = 3
BACKOFF_SECONDS = 0.2
PATIENCE_SECONDS = 60.0  # a Retry-After beyond is not slept through inside a call: the caller is told
PAUSE_SECONDS = (0.5, 2.0)  # before an unreachable server is asked again, jittered
AGAIN = frozenset({429, 502, 503, 504})  # nothing was stored; reports count once, so that sending them again is safe
TOO_MANY, GONE, ANY_FAULT = 429, 410, 500


class ApiError(QuorumError):
    """The API refuses a call; `status` and `problem` (RFC 9457) say why; `retry_after` (s) when to come back."""

    def __init__(self, status: int, problem: dict[str, Any], retry_after: float | None = None) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem.get('title') or 'no detail'}")
        self.status = status
        self.problem = problem
        self.retry_after = retry_after

    @property
    def kind(self) -> str:
        """What it is, as the end of the problem's type: `invalid-cursor`, `rate-limited`."""
        return str(self.problem.get("type", "")).rpartition(":")[2]


class Unavailable(StoreUnavailable):
    """The server cannot be reached, or cannot answer just now; `retry_after` (s) when it said when to come back."""

    def __init__(self, what: str, retry_after: float | None = None) -> None:
        super().__init__(what)
        self.retry_after = retry_after


def refusal(status: int, headers: Mapping[str, str], body: bytes) -> QuorumError:
    """Return the error that an answer is: ApiError, CursorExpired or Unavailable."""
    try:
        problem = json.loads(body)
    except ValueError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    retry_after = retry_after_seconds(headers.get("Retry-After"))
    if status == GONE:
        return CursorExpired(str(problem.get("oldest", "")))
    if status >= ANY_FAULT:
        return Unavailable(f"{status}: {problem.get('detail') or problem.get('title') or 'no detail'}", retry_after)
    return ApiError(status, problem, retry_after)


def retry_after_seconds(text: str | None) -> float | None:
    """Return what Retry-After says, in seconds or as a date (RFC 9110, 10.2.3); None when it says nothing."""
    text = (text or "").strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        return max(parsedate_to_datetime(text).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def wait_before(attempt: int, retry_after: float | None) -> float | None:
    """Return how long to wait before asking again after `attempt` tries (from 1); None for not at all."""
    if attempt > RETRIES or (retry_after or 0.0) > PATIENCE_SECONDS:
        return None
    return BACKOFF_SECONDS * 2.0**attempt * random.uniform(0.5, 1.0) if retry_after is None else retry_after  # noqa: S311


def pause_after(error: QuorumError) -> float:
    """Return how long whoever asks for ever pauses after a call that came to nothing. Raises what no pause mends."""
    if isinstance(error, ApiError) and error.status != TOO_MANY:
        raise error
    told = getattr(error, "retry_after", None)
    return random.uniform(*PAUSE_SECONDS) if told is None else min(told, PATIENCE_SECONDS)  # noqa: S311 - jitter
