"""`quorum queue`, `show`, `audit`: what waits for a moderator, what is known of an image, what was decided."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

import click

from quorum.cli.failures import plain_failures
from quorum.cli.moderation.places import store_of
from quorum.events.event import timestamp
from quorum.images.image import parse_image
from quorum.judgement.waiting import Cause
from quorum.moderation.appeals.appeals import Appeal
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.claims import Claims
from quorum.moderation.stories import Stories, Told
from quorum.moderation.trail import Said, Trail
from quorum.moderation.waiting.entries import Entry
from quorum.moderation.waiting.stored_queue import Queue, Waiting
from quorum.moderation.waiting.wanted import WAITING, Listed, Sort, Wanted
from quorum.policy import load_policy
from quorum.settings import read_settings
from quorum.tally.copies import Copies
from quorum.tally.statuses import ImageStatus, Statuses

PAGE = 200
AUDITED = 1000


class _Moment(click.ParamType[int]):
    """A time with its zone, as Unix ms."""

    name = "TIME"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
        if moment is None or moment.tzinfo is None:
            self.fail("must be a time such as 2026-01-31T12:00:00Z", param, ctx)
        return max(round(moment.timestamp() * 1000), 0)


@click.command()
@click.option("--state", "lists", multiple=True, type=click.Choice([one.value for one in Listed]))
@click.option("--cause", "causes", multiple=True, type=click.Choice([one.value for one in Cause]))
@click.option("--reason", "reasons", multiple=True, help="Only what somebody reports for this.")
@click.option("--since", type=_Moment(), help="Only what is in the list since then, or later.")
@click.option("--min-score", type=click.FloatRange(0), help="Only what has so many points, or more.")
@click.option("--sort", type=click.Choice([one.value for one in Sort]), default=Sort.OLDEST.value, show_default=True)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def queue(
    *,
    lists: tuple[str, ...],
    causes: tuple[str, ...],
    reasons: tuple[str, ...],
    since: int | None,
    min_score: float | None,
    sort: str,
    limit: int,
) -> None:
    """Show the images that wait for a moderator, those that wait longest first.

    With --state open what is reported and may cross the bar; with --state blocked what reports blocked and no moderator
    has decided about; with --state appealed what has an open appeal.
    """
    asked = frozenset(map(Listed, lists)) or WAITING
    if not asked <= WAITING and len(asked) > 1:
        raise click.UsageError("--state open, blocked and appealed stand by themselves")
    if causes and not asked <= WAITING:
        raise click.UsageError("--cause is of what waits for a moderator")
    wanted = Wanted(asked, frozenset(map(Cause, causes)), frozenset(reasons), since, min_score, Sort(sort))
    with plain_failures():
        settings = read_settings()
        policy = load_policy(settings.policy_path)
        unknown = wanted.reasons - policy.reason_names
        if unknown:
            raise click.UsageError(f"{min(unknown)!r} is no reason of the policy")
        shown = Queue(*store_of(settings))
        token: str | None = None
        while limit:
            page = shown.page(wanted, token, min(limit, PAGE), policy)
            for entry in page.entries:
                click.echo(_line(entry))
            limit, token = limit - len(page.entries), page.next
            if token is None:
                break
        click.echo(_counts(shown.waiting()), err=True)


@click.command()
@click.argument("image_id")
def show(image_id: str) -> None:
    """Show what is known of an image: its state, its copies, who looks at it, and what happened to it."""
    with plain_failures():
        settings = read_settings()
        policy = load_policy(settings.policy_path)
        image = parse_image(image_id, policy.urls)
        statuses, store = Statuses(*store_of(settings)), store_of(settings)
        [status] = statuses.of([image], policy)
        if not statuses.knows(image):
            click.echo(f"{image.id}: nobody has reported it")
            return
        click.echo(_told_of(status))
        shared, copies = Copies(*store).of(image)
        if copies:
            click.echo(f"{'shares its reports with' if shared else 'shows the picture of'} {', '.join(copies)}")
        claim = Claims(*store).of(image)
        if claim:
            click.echo(f"{claim.name} looks at it until {timestamp(claim.until_ms)}")
        picture = policy.pictures.url_of(image.id)
        if picture:
            click.echo(picture)
        for appeal in Appeals(*store).of(image):
            click.echo(_appeal(appeal))
        for told in Stories(*store).of(image):
            click.echo(_happened(told))


@click.command()
@click.option("--after", help="The cursor with which an earlier call ended.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1_000_000))
@click.option("--json", "as_json", is_flag=True, help="Print each decision as a line of JSON.")
def audit(*, after: str | None, limit: int, as_json: bool) -> None:
    """Show the decisions of moderators, oldest first; at last the cursor for --after."""
    with plain_failures():
        trail = Trail(*store_of(read_settings()))
        cursor = after
        while limit:
            said, following = trail.after(cursor, min(limit, AUDITED))
            for one in said:
                click.echo(json.dumps({"id": one.id, **one.said}, ensure_ascii=False) if as_json else _decision(one))
            if following == cursor or not said:
                break
            limit, cursor = limit - len(said), following
        click.echo(f"go on with --after {cursor or 0}", err=True)


def _line(entry: Entry) -> str:
    facts = entry.facts
    parts = [
        facts.status.image_id,
        _reported(facts.status),
        f"{facts.status.score:g} points",
        *([f"because of {facts.cause}"] if facts.cause else []),
        f"since {timestamp(facts.since_ms)}",
        *([f"appealed against {timestamp(entry.appeal.at_ms)}"] if entry.appeal and entry.appeal.is_open else []),
        *([f"{entry.claim.name} looks at it"] if entry.claim else []),
    ]
    return "  ".join(parts)


def _counts(waiting: Waiting) -> str:
    by_cause = ", ".join(f"{count} {cause}" for cause, count in waiting.by_cause.items() if count)
    appealed = f"; {waiting.appealed} have an open appeal" if waiting.appealed else ""
    return f"{waiting.total} images wait for a moderator{f': {by_cause}' if by_cause else ''}{appealed}"


def _reported(status: ImageStatus) -> str:
    reasons = ", ".join(f"{count} {reason}" for reason, count in status.reasons.items())
    return f"{status.reporters} reporters: {reasons}" if reasons else "no reporters"


def _told_of(status: ImageStatus) -> str:
    protected = ", protected" if status.protected else ""
    return f"{status.image_id}  {status.state.public_name}{protected}  {status.score:g} points  {_reported(status)}"


def _appeal(appeal: Appeal) -> str:
    given = appeal.answer
    by = f" by {given.moderator}" if given and given.moderator else ""
    state = f"{given.outcome} {timestamp(given.at_ms)}{by}" if given else "open"
    words = json.dumps(appeal.text, ensure_ascii=False)  # it may hold line breaks, and what a terminal obeys
    return f"appeal of {timestamp(appeal.at_ms)}  {state}  {words}"


def _happened(told: Told) -> str:
    return "  ".join([timestamp(told.at_ms), *_parts(told)])


def _parts(told: Told) -> Iterator[str]:
    yield str(told.said.get("decision", told.what))
    if told.by:
        yield f"by {told.name or told.by}"
    if told.why:
        yield told.why
    if "score" in told.said:
        yield f"{told.said['score']:g} points of {told.said['reporters']} reporters"
    if told.policy:
        yield f"policy {told.policy}"


def _decision(one: Said) -> str:
    said: Mapping[str, Any] = one.said
    at = said.get("at_ms")
    when = timestamp(at) if isinstance(at, int) else "?"
    parts = [when, *(str(said.get(name, "?")) for name in ("image_id", "decision", "moderator"))]
    return "  ".join([*parts, *([str(said["note"])] if said.get("note") else [])])
