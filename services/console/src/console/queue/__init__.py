"""`/queue`: what waits for a moderator and what might, and beside it the image that is looked at."""

from typing import Any

from flask import Blueprint, Response, request, url_for

from console.images.review import Review, claimant, review_of
from console.images.words import CAUSES, in_short
from console.queue.asking import LISTS, SORTS, Asked, Shown, read_asked
from console.web.going import see_other
from console.web.pages import show
from console.web.services import services
from console.words.translating import language
from quorum.errors import InvalidCursor
from quorum.images.image import Image, parse_image
from quorum.moderation.waiting.entries import Entry

LIMIT = 30
LOOKED_AT = 250  # images of which a page is made, so that it is there at once

blueprint = Blueprint("queue", __name__)


@blueprint.get("/")
def home() -> Response:
    """Begin with the queue."""
    return see_other(url_for("queue.page"))


@blueprint.get("/queue")
def page() -> Response:
    """Show a list, and of it the image that is chosen: the first one where none is."""
    parts = services()
    policy = parts.policy
    asked = read_asked(request.args, policy)
    try:
        found = parts.queue.page(asked.wanted(policy), asked.page, LIMIT, policy, LOOKED_AT)
    except InvalidCursor:
        return see_other(url_for("queue.page", **asked.other()))
    waiting = parts.queue.waiting()
    chosen, place = _chosen(found.entries)
    review = review_of(chosen) if chosen else None
    return show(
        "queue/page.html",
        asked=asked,
        lists=LISTS,
        sorts=SORTS,
        causes={cause: count for cause, count in waiting.by_cause.items() if count},
        cause_names=CAUSES,
        reasons={reason.name: reason.label(language()) for reason in policy.reasons},
        total=waiting.total,
        appealed=waiting.appealed,
        entries=[_line(entry, asked) for entry in found.entries],
        next=url_for("queue.page", **asked.other(page=found.next)) if found.next else None,
        review=review,
        place=place,
        after=_after(found.entries, place, asked, found.next, review),
        picture_after=_picture_after(found.entries, place),
        waits=asked.shown in {Shown.WAITING, Shown.CONTESTED},
        chosen_by_hand="image" in request.args,
    )


@blueprint.get("/find")
def find() -> Response:
    """Go to an image by its id, as people write it."""
    image = services().image(request.args.get("image", "").strip()[:4096])
    return see_other(url_for("images.page", image_id=image.id))


def _chosen(entries: list[Entry]) -> tuple[Image | None, int | None]:
    """Return the image that is looked at, and which of the list it is, if it is there still."""
    asked = request.args.get("image")
    if asked:
        image = parse_image(asked, services().policy.urls)
        places = [number for number, entry in enumerate(entries) if entry.facts.image.id == image.id]
        return image, places[0] if places else None
    mine = (number for number, entry in enumerate(entries) if not entry.claim or entry.claim.key == claimant())
    first = next(mine, 0 if entries else None)
    return (None, None) if first is None else (entries[first].facts.image, first)


def _line(entry: Entry, asked: Asked) -> dict[str, Any]:
    facts = entry.facts
    return {
        "image": facts.image.id,
        "href": url_for("queue.page", **asked.words, image=facts.image.id),
        "short": in_short(facts.status),
        "cause": facts.cause,
        "since": facts.since_ms,
        "claim": entry.claim if entry.claim and entry.claim.key != claimant() else None,
        "points": facts.status.score,
    }


def _after(entries: list[Entry], place: int | None, asked: Asked, following: str | None, review: Review | None) -> str:
    """Return where to go when the image that is looked at has been decided about."""
    start = -1 if place is None else place
    if review is None or not entries:
        return url_for("queue.page", **asked.words)
    if start + 1 < len(entries):
        return url_for("queue.page", **asked.words, image=entries[start + 1].facts.image.id)
    return url_for("queue.page", **(asked.other(page=following) if following else asked.other()))


def _picture_after(entries: list[Entry], place: int | None) -> str | None:
    """Return the picture that is looked at next, so that a browser has it by then."""
    start = -1 if place is None else place
    if start + 1 >= len(entries):
        return None
    return services().policy.pictures.url_of(entries[start + 1].facts.image.id)
