"""Examples of bodies and paths that do no harm where they are sent as they stand.

They speak of an image, a person and an endpoint that nobody has (RFC 2606 keeps `.example`), and ask for nothing that
other images or people would feel. A test sends them all.
"""

from typing import Any

from quorum.policy import Policy

IMAGE = "image-of-an-example"
PERSON = "person-of-an-example"
_HASH = "sha256:" + "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"  # of "hello\n"
IN_PATHS = {"image_id": IMAGE, "webhook_id": "wh_of_an_example"}

_BODIES: dict[str, Any] = {
    "reports.withdraw_report": {},
    "images.put_content": {"content_hash": _HASH},
    "images.get_statuses": {"image_ids": [IMAGE]},
    "images.tell_views": {"views": {IMAGE: 1}},
    "visibility.look_up": {"image_ids": [IMAGE]},
    "claims.claim": {"minutes": 1},
    "appeals.lodge_appeal": {"text": "It is a picture of a museum."},
    "appeals.decide_appeal": {"decision": "uphold", "note": "I looked at it again."},
    "decisions.decide": {"decision": "clear", "unfounded": False},
    "decisions.decide_many": {
        "decisions": [{"image_id": IMAGE, "decision": "clear", "unfounded": False}],
        "dry_run": True,
    },
    "reporters.reporters_status": {"reporter_ids": [PERSON]},
    "webhooks.create_webhook": {"url": "https://receiver.example/quorum", "types": ["quorum.shields.raised.v1"]},
    "webhooks.replay_webhook": {"since": "2026-01-31T12:00:00Z", "until": "2026-01-31T12:00:01Z"},
}


def body_of(endpoint: str, policy: Policy) -> Any:
    """Return an example of what a route takes under a policy. Raises LookupError for one that has none."""
    report = {"image_id": IMAGE, "reason": policy.reasons[-1].name}
    if endpoint == "reports.create_report":
        return report
    if endpoint == "report_batches.create_reports":
        return [{**report, "reporter_id": PERSON}]
    if endpoint not in _BODIES:
        raise LookupError(f"{endpoint} takes a body and has no example: add one to {__name__}")
    return _BODIES[endpoint]
