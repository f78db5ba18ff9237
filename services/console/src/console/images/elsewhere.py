"""`/elsewhere/…`: what else the people reported who reported an image. The same ones again and again are no crowd."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from flask import Blueprint, Response

from console.reporters import LOOKED_AT
from console.web.pages import show
from console.web.services import services
from quorum.images.image import Image
from quorum.judgement.records import Kind, Report

MOST_OF_THEIRS = 1_000
MOST_SHOWN = 50

blueprint = Blueprint("elsewhere", __name__)


@dataclass(slots=True)
class Met:
    """An image that some of them reported, too, by fingerprint; `last_ms` is when the last of them did, Unix ms."""

    image: Image
    people: set[bytes] = field(default_factory=set)
    last_ms: int = 0


@blueprint.get("/elsewhere/<image_id:image_id>")
def page(image_id: str) -> Response:
    """Show where else those people were."""
    parts = services()
    image = parts.image(image_id)
    people = frozenset(one.fingerprint for one in parts.dossiers.of(image, parts.policy).reporters)
    theirs = parts.journal.last_of(people, LOOKED_AT, MOST_OF_THEIRS) if people else []
    found = met(theirs, image)
    shown = found[:MOST_SHOWN]
    return show(
        "images/elsewhere.html",
        image=image,
        people=len(people),
        elsewhere=len(set[bytes]().union(*(one.people for one in found))),
        found=list(zip(shown, parts.statuses.of([one.image for one in shown], parts.policy), strict=True)),
        all=len(found),
        looked_at=LOOKED_AT,
        of_theirs=len(theirs) if len(theirs) == MOST_OF_THEIRS else None,
    )


def met(reports: Iterable[Report], image: Image) -> list[Met]:
    """Return the other images of reports that stand, those first that most people share; `reports` newest first."""
    found: dict[bytes, Met] = {}
    withdrawn = set[tuple[bytes, bytes]]()
    for report in reports:
        person, digest = report.reporter.fingerprint, report.image.digest
        if report.kind is Kind.WITHDRAWAL:
            withdrawn.add((person, digest))
        if report.kind is not Kind.REPORT or digest == image.digest or (person, digest) in withdrawn:
            continue
        one = found.setdefault(digest, Met(report.image))
        one.people.add(person)
        one.last_ms = max(one.last_ms, report.received_ms)
    return sorted(found.values(), key=lambda one: (-len(one.people), -one.last_ms))
