"""Deliveries of webhooks, good and hostile, which every client must judge alike (shared/clients/vectors)."""

import base64
import hashlib
import hmac
import json
from typing import Any

from quorum.events.event import BLOCKED, cloud_event
from quorum.webhooks.subscription import TEST

NOW = 1_795_454_130
SECRET, OLDER, FOREIGN = (base64.b64encode(bytes(range(start, start + 32))).decode() for start in (0, 64, 128))
ID = "83b1c0de5ca1ab1e0123456789abcdef-1-blocked"


def event(kind: str = BLOCKED, subject: str = "img-1", **data: object) -> bytes:
    made = cloud_event(ID, kind, subject, NOW * 1000, {"epoch": 1, **data})
    return json.dumps(made, ensure_ascii=False).encode()


def sign(secret: str, body: bytes, *, webhook_id: str = ID, timestamp: object = NOW) -> str:
    """Return a signature as Standard Webhooks 1.0 say, without the library that the worker signs with."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.digest(base64.b64decode(secret), signed, hashlib.sha256)).decode()


def delivery(
    name: str,
    why: str | None = None,
    *,
    body: bytes | None = None,
    sent: bytes | None = None,
    signature: str | None = None,
    timestamp: object = NOW,
    webhook_id: str = ID,
    secrets: tuple[str, ...] = (f"whsec_{SECRET}",),
    without: str = "",
    upper: bool = False,
    changed: dict[str, str] | None = None,
) -> dict[str, Any]:
    """Return a vector: what `body` (else `sent`) is signed for, and why it is refused, None when it is good."""
    body = event() if body is None else body
    said = sign(SECRET, body, webhook_id=webhook_id, timestamp=timestamp) if signature is None else signature
    given = {"webhook-id": webhook_id, "webhook-timestamp": str(timestamp), "webhook-signature": said}
    given |= changed or {}  # after it was signed
    given.pop(without, None)
    wire = body if sent is None else sent
    found = json.loads(wire) if why is None else None
    return {
        "name": name,
        "secrets": list(secrets),
        "now": NOW,
        "headers": {one.title() if upper else one: value for one, value in given.items()},
        "body_base64": base64.b64encode(wire).decode(),
        **({"event": [found["id"], found["type"], found["subject"]]} if found else {"refused": why}),
    }


def vectors() -> list[dict[str, Any]]:
    good = sign(SECRET, event())
    return [*_good(good), *_old(), *_forged(good), *_junk(good), *_no_event()]


def _good(good: str) -> list[dict[str, Any]]:
    old = f"whsec_{OLDER}"
    return [
        delivery("as quorum sends it"),
        delivery("names of headers in another case", upper=True),
        delivery("a secret without its prefix", secrets=(SECRET,)),
        delivery("an image in another script", body=event(subject="صورة-é-❤.jpg")),
        delivery("the test event", body=event(TEST, "test", webhook="abc")),
        delivery("a type of a later release", body=event("quorum.image.blocked.v2")),
        delivery("a body over several lines", body=json.dumps(json.loads(event()), indent=2).encode() + b"\n"),
        delivery("while quorum changes its secret: two signatures", signature=f"{sign(OLDER, event())} {good}"),
        delivery("while the receiver changes its secret: two secrets", secrets=(old, f"whsec_{SECRET}")),
        delivery("signatures of other versions beside it", signature=f"v1a,AAAA v2,{good[3:]} {good}"),
        delivery("many signatures, the last fits", signature=" ".join([sign(FOREIGN, event())] * 60 + [good])),
        delivery("at the edge of the time, before", timestamp=NOW - 300),
        delivery("at the edge of the time, after", timestamp=NOW + 300),
        delivery("an id with dots", webhook_id="a.b.c"),
    ]


def _old() -> list[dict[str, Any]]:
    return [
        delivery("an old delivery, sent again", "timestamp", timestamp=NOW - 301),
        delivery("a delivery of the future", "timestamp", timestamp=NOW + 301),
        delivery("an old delivery under a new time", "signature", changed={"webhook-timestamp": str(NOW + 1)}),
        *(
            delivery(f"a time that is no number: {what}", "timestamp", timestamp=text)
            for what, text in {
                "words": "now",
                "a fraction": f"{NOW}.0",
                "an exponent": "1.795454130e9",
                "hexadecimal": hex(NOW),
                "a sign": f"+{NOW}",
                "a blank": f"{NOW} ",
                "a line break": f"{NOW}\n",
                "Arabic digits": "".join(chr(0x660 + int(digit)) for digit in str(NOW)),
                "milliseconds": f"{NOW}000",
                "endless": "9" * 400,
                "below zero": f"-{NOW}",
            }.items()
        ),
    ]


def _forged(good: str) -> list[dict[str, Any]]:
    changed = event(subject="img-2")
    return [
        delivery("another secret", "signature", signature=sign(FOREIGN, event())),
        delivery("the receiver has another secret", "signature", secrets=(f"whsec_{OLDER}",)),
        delivery("a changed body", "signature", sent=changed),
        delivery("a body with a blank more", "signature", sent=event() + b" "),
        delivery(
            "a body that was parsed and written again",
            "signature",
            sent=json.dumps(json.loads(event())).encode() + b"\n",
        ),
        delivery("an empty body under the signature of another", "signature", sent=b""),
        delivery("another id", "signature", changed={"webhook-id": "another"}),
        delivery("id and time shifted", "signature", changed={"webhook-id": f"{ID}.{NOW}"}),
        delivery("a signature cut short", "signature", signature=good[:-4]),
        delivery("a signature with more behind it", "signature", signature=good + "AAAA"),
        delivery("a signature in another case", "signature", signature=good.swapcase().replace("V1,", "v1,")),
        delivery("a signature in hexadecimal", "signature", signature="v1," + base64.b64decode(good[3:]).hex()),
        delivery("a signature of another version", "signature", signature=f"v2,{good[3:]}"),
        delivery("a signature without its version", "signature", signature=good[3:]),
        delivery("signatures between commas", "signature", signature=f"{sign(OLDER, event())},{good}"),
        delivery("the secret in place of a signature", "signature", signature=f"v1,{SECRET}"),
        delivery("signed with the text of the secret", "signature", signature=_with_key(f"whsec_{SECRET}".encode())),
        delivery("signed with nothing", "signature", signature=_with_key(b"")),
        delivery("hundreds of foreign signatures", "signature", signature=" ".join([sign(FOREIGN, event())] * 80)),
    ]


def _with_key(key: bytes) -> str:
    return "v1," + base64.b64encode(hmac.digest(key, f"{ID}.{NOW}.".encode() + event(), hashlib.sha256)).decode()


def _junk(good: str) -> list[dict[str, Any]]:
    return [
        *(
            delivery(f"without {name}", "headers", without=name)
            for name in ("webhook-id", "webhook-timestamp", "webhook-signature")
        ),
        delivery("an empty signature", "headers", signature=""),
        delivery("an empty id", "headers", webhook_id=""),
        delivery("a signature without an end", "headers", signature=" ".join([good] * 200)),
        delivery("an id without an end", "headers", webhook_id="x" * 5000),
        delivery("blanks in place of signatures", "signature", signature="   "),
        delivery("only a version", "signature", signature="v1,"),
        delivery("a signature of other characters", "signature", signature="v1,é\u202e❤"),
    ]


def _no_event() -> list[dict[str, Any]]:
    told = {
        "no JSON": b"<html>",
        "nothing": b"",
        "a list": b"[]",
        "a number": b"1",
        "null": b"null",
        "cut off": event()[:-5],
        "no UTF-8": b'{"id": "\xff"}',
        "deeper than anybody looks": b"[" * 3000 + b"]" * 3000,
        "an event without a type": json.dumps({"id": ID, "subject": "x", "data": {}}).encode(),
        "an event with a number for a subject": event().replace(b'"img-1"', b"7"),
        "an event with a text for data": event().replace(b'{"epoch": 1}', b'"none"'),
        "an event at no time": event().replace(b'"time": "20', b'"time": "yesterday 20'),
    }
    return [delivery(f"well signed, and the body is {what}", "body", body=body) for what, body in told.items()]
