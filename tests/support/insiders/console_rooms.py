"""Something to see in the rooms of those who look after the site."""

import pytest
from console_site import Console

from quorum.access.keys import Scope
from quorum.accounts.roles import Role
from quorum.moderation.decisions import Action
from quorum.webhooks.deliveries import Attempt
from quorum.webhooks.subscription import DEFAULT_TYPES, Subscription, new_subscription

FORMULA = '=HYPERLINK("https://evil.example")'


def decide(console: Console, image: str, action: Action, moderator: str, note: str = "") -> None:
    parts = console.parts
    parts.decisions.decide(parts.image(image), action, moderator, parts.policy, note=note)


def subscribe(console: Console, url: str, name: str = "") -> Subscription:
    store = console.parts.webhooks
    store.add(made := new_subscription(url, DEFAULT_TYPES, name, store.now_ms()))
    return made


def deliver(console: Console, hook: Subscription, outcomes: tuple[str, ...]) -> list[str]:
    """Let what waits for a webhook fare so, one after another, as a worker does it; return the subjects."""
    store, now = console.parts.webhooks, console.now_ms()
    while store.enqueue(hook, now):
        pass
    claims = store.claim(hook, now, 30_000, len(outcomes))
    for claim, outcome in zip(claims, outcomes, strict=True):
        good = outcome == "delivered"
        status, detail = (204, "") if good else (503, "Service Unavailable")
        attempt = Attempt(now, claim.event_id, claim.subject, 1 if good else 10, status, outcome, detail, 412)
        again = now + 300_000 if outcome == "retry" else None
        assert store.settle(hook, claim, now, again, well=good, attempt=attempt)
    return [claim.subject for claim in claims]


@pytest.fixture(scope="module")
def furnished(console: Console) -> Console:
    """A console with something in each of these rooms."""
    parts = console.parts
    failing = subscribe(console, "https://cdn.example.org/hooks/a-rather-long-path/of/an/endpoint?token=1", "CDN")
    console.report("img-blocked", 6)
    console.report("img-near", 4)
    console.hold("agency/https://pictures.example.org/2026/11/a-rather-long-name-of-a-picture.jpg?size=large", 7)
    console.hold("agency/front-page-photo")
    console.report("img-blocked-2", 7, who="others")
    decide(console, "agency/front-page-photo", Action.UPHOLD, "amina@example.org", "ثبتت المخالفة")
    decide(console, "img-blocked", Action.CLEAR, "jean@example.org", FORMULA)
    decide(console, "img-blocked-2", Action.UPHOLD, "jean@example.org", "")
    deliver(console, failing, ("delivered", "dead", "retry"))
    subscribe(console, "https://cms.example.org/hooks/quorum", "CMS")
    off = subscribe(console, "https://old.example.org/", "")
    parts.webhooks.disable(off.id, "it failed for five days", console.now_ms())
    parts.keys.create("news site", frozenset({Scope.REPORT, Scope.READ}))
    parts.keys.revoke(parts.keys.create("old backend", frozenset(Scope))[0].id)
    for role in Role:
        console.account(role)
    parts.accounts.add("new.colleague", Role.MODERATOR)
    parts.accounts.disable(parts.accounts.add("who-left", Role.LEAD)[0].name)
    parts.deeds.note("admin@example.org", "key created", "news site", "read, report")
    return console
