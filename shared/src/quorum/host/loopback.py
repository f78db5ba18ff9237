"""Asks servers on this machine, and never through a proxy: one that the environment names cannot reach them."""

import http.client
import urllib.error
import urllib.request

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
MAX_BYTES = 10_000_000


def ask(url: str, timeout_seconds: float) -> bytes | None:
    """Return what a URL answers with 200; None when it does not."""
    try:
        with _DIRECT.open(url, timeout=timeout_seconds) as answer:
            body: bytes = answer.read(MAX_BYTES)
            return body if answer.status == http.HTTPStatus.OK else None
    except (urllib.error.URLError, http.client.HTTPException, OSError, ValueError):
        return None


def answers(url: str, needed: bytes = b"", timeout_seconds: float = 1.0) -> bool:
    """Tell whether a URL answers 200 with `needed` in the body."""
    body = ask(url, timeout_seconds)
    return body is not None and needed in body
