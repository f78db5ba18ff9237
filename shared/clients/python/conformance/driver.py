"""What the conformance test asks of a client (tests/e2e/clients).

Commands as lines of JSON on standard input, an answer to each on standard output.
python driver.py verify | calls URL KEY [STREAM_URL] | keep URL KEY FILE
"""

import base64
import json
import os
import sys
from collections.abc import Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from quorum_client import (
    ApiError,
    Blocklist,
    Client,
    CursorExpired,
    Event,
    InvalidWebhook,
    QuorumError,
    Unavailable,
    verify,
)

Told = list[str]
SECONDS = float(os.environ.get("TIMEOUT", "5"))  # that a call may take


def main() -> None:
    """Do what the arguments ask for."""
    mode, url, key, last = (*sys.argv[1:], "", "", "")[:4]
    if mode == "verify":
        answer_lines(judged)
    elif mode == "keep":
        keep(Blocklist(Client(url, key, timeout=SECONDS), Path(last)))
    else:
        known = calls(Client(url, key, timeout=SECONDS, stream_url=last or None))
        answer_lines(lambda given: known[given.pop("call")](**given))


def judged(given: dict[str, Any]) -> Told:
    """Return what a delivery says."""
    body = base64.b64decode(given["body_base64"])
    event = verify(given["secrets"], given["headers"], body, now=given["now"])
    return [event.id, event.type, event.subject]


def keep(blocklist: Blocklist) -> None:
    """Keep a list up to date until somebody kills this."""
    tell({"from": blocklist.cursor})
    while True:
        try:
            blocklist.sync(10)
            tell({"at": blocklist.cursor})
        except QuorumError as error:
            tell({"error": kind_of(error)})


def calls(client: Client) -> dict[str, Callable[..., Any]]:
    """Return what can be asked, by name."""
    blocklist = Blocklist(client)

    def events(after: str | None = None, types: Iterable[str] = (), subject: str | None = None, wait: int = 0) -> Any:
        found, cursor = client.events(after, types=types, subject=subject, wait=wait)
        return {"events": list(map(told, found)), "cursor": cursor}

    def sync() -> list[str]:
        blocklist.sync()
        return sorted(blocklist.images())

    return {
        "report": client.report,
        "status": lambda id: client.status(id).state,  # noqa: A006 - as the command says
        "statuses": lambda ids: [(one.image_id, one.state) for one in client.statuses(ids)],
        "snapshot": lambda: sorted(client.snapshot().images),
        "events": events,
        "follow": lambda count, after=None, types=(): list(map(told, islice(client.follow(after, types=types), count))),
        "stream": lambda count, after=None, types=(): list(map(told, islice(client.stream(after, types=types), count))),
        "sync": sync,
        "blocked": lambda ids: [one in blocklist for one in ids],
    }


def told(event: Event) -> Told:
    """Return what is compared of an event."""
    return [event.type, event.subject, event.cursor]


def answer_lines(answer: Callable[[dict[str, Any]], Any]) -> None:
    """Answer each line, whatever happens."""
    for line in sys.stdin:
        try:
            tell({"ok": answer(json.loads(line))})
        except Exception as error:  # noqa: BLE001 - it is told
            tell({"error": kind_of(error)})


def kind_of(error: Exception) -> dict[str, Any]:
    """Return an error in the words that the drivers of all clients use."""
    match error:
        case InvalidWebhook():
            return {"kind": "webhook", "why": error.why}
        case ApiError():
            return {"kind": "api", "status": error.status, "retry_after": error.retry_after}
        case CursorExpired():
            return {"kind": "expired"}
        case Unavailable():
            return {"kind": "unavailable", "retry_after": error.retry_after}
        case _:
            return {"kind": type(error).__name__, "message": str(error)}


def tell(answer: Any) -> None:
    """Write one answer."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
