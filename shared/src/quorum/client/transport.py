"""HTTP with an end: every call has a time by which it is over, and an answer a size beyond which it is not read."""

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any

import urllib3
from urllib3.exceptions import HTTPError

from quorum.client.refusals import AGAIN, Unavailable, refusal, retry_after_seconds, wait_before
from quorum.errors import QuorumError

MAX_ANSWER_BYTES = 64 * 2**20  # a page of a thousand events has a few
PIECE_BYTES = 65_536
SUCCESS = range(200, 300)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that was read whole; names of headers in any case."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class Transport:
    """Connections to one server. It may be shared by threads."""

    def __init__(self, key: str | None, timeout: float) -> None:
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._timeout = timeout
        self._pool = urllib3.PoolManager(maxsize=10)

    def ask(
        self, method: str, url: str, body: Any = None, headers: Mapping[str, str] | None = None, *, wait: float = 0.0
    ) -> Answer:
        """Return a good answer; what may be tried again is, after the time that the server tells. `wait` adds seconds.

        Raises ApiError, CursorExpired, Unavailable.
        """
        for attempt in count(1):
            problem: QuorumError
            try:
                answer = self._once(method, url, body, headers or {}, self._timeout + wait)
            except HTTPError as error:
                problem, told = Unavailable(f"{_place(url)} cannot be reached: {error}"), None
            else:
                if answer.status in SUCCESS:
                    return answer
                problem = refusal(answer.status, answer.headers, answer.data)
                if answer.status not in AGAIN:
                    raise problem
                told = retry_after_seconds(answer.headers.get("Retry-After"))
            pause = wait_before(attempt, told)
            if pause is None:
                raise problem
            time.sleep(pause)
        raise AssertionError

    def pieces(self, url: str, headers: Mapping[str, str], silence: float) -> Iterator[bytes]:
        """Yield an endless answer as it comes.

        Raises ApiError, CursorExpired, Unavailable, the last when it ends or is silent for `silence` seconds.
        """
        try:
            response = self._pool.request(
                "GET",
                url,
                headers={**self._headers, **headers},
                timeout=urllib3.Timeout(connect=self._timeout, read=silence),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                if response.status not in SUCCESS:
                    raise refusal(response.status, response.headers, response.read(PIECE_BYTES))
                while piece := response.read1(PIECE_BYTES):
                    yield piece
            finally:
                response.close()
        except HTTPError as error:
            raise Unavailable(f"{_place(url)} cannot be reached: {error}") from error
        raise Unavailable(f"{_place(url)} ended the stream")

    def _once(self, method: str, url: str, body: Any, headers: Mapping[str, str], seconds: float) -> Answer:
        deadline = time.monotonic() + seconds
        response = self._pool.request(
            method,
            url,
            json=body,
            headers={**self._headers, **headers, **({"Content-Type": "application/json"} if body is not None else {})},
            timeout=seconds,
            retries=False,
            redirect=False,
            preload_content=False,
        )
        whole, data = False, bytearray()
        try:
            while piece := response.read1(PIECE_BYTES):
                data += piece
                if time.monotonic() > deadline:
                    raise HTTPError(f"the answer is not whole after {seconds:g} s")
                if len(data) > MAX_ANSWER_BYTES:
                    raise HTTPError(f"the answer has more than {MAX_ANSWER_BYTES} bytes")
            whole = True
        finally:
            if whole:
                response.release_conn()
            else:
                response.close()
        return Answer(response.status, response.headers, bytes(data))


def _place(url: str) -> str:
    return url.partition("?")[0]
