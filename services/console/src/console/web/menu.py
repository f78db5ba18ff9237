"""What the menu of a person has: the rooms that they may enter."""

from dataclasses import dataclass

from flask import current_app, request

from console.access.guard import may
from console.words.translating import gettext, later


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of the menu."""

    endpoint: str
    name: str
    is_here: bool


ROOMS = (
    ("queue.page", later("Queue")),
    ("audit.page", later("Decisions")),
    ("statistics.page", later("Statistics")),
    ("operations.page", later("Operations")),
    ("policy.page", later("Policy")),
    ("shields.page", later("Shields")),
    ("webhooks.page", later("Webhooks")),
    ("keys.page", later("API keys")),
    ("accounts.page", later("Accounts")),
)


def menu() -> list[Place]:
    """Return the places that the person who is signed in may enter."""
    here = (request.endpoint or "").partition(".")[0]
    return [
        Place(endpoint, gettext(name), endpoint.partition(".")[0] == here)
        for endpoint, name in ROOMS
        if endpoint in current_app.view_functions and may(endpoint)
    ]
