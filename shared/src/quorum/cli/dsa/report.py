"""`quorum dsa report`: the counts that a yearly transparency report asks for, from what is still kept."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import click

from quorum.cli.failures import plain_failures
from quorum.cli.moderation.places import store_of
from quorum.events.event import timestamp
from quorum.moderation.appeals.stored_appeals import Appeals
from quorum.moderation.statements.period import Kept, Period
from quorum.moderation.statements.yearly import Counts
from quorum.policy import load_policy
from quorum.settings import Settings, read_settings
from quorum.tally.journal import Journal

FIRST_YEAR, LAST_YEAR = 2024, 9998


@click.command()
@click.option("--year", required=True, type=click.IntRange(FIRST_YEAR, LAST_YEAR))
@click.option("--json", "as_json", is_flag=True, help="Print JSON, not a table.")
def report(*, year: int, as_json: bool) -> None:
    """Print the counts of a year for Articles 15, 23 and 24 of the Digital Services Act, and what they do not cover.

    They are made from events, the audit trail and the journal as they are kept now: the last lines say what had ended
    before it could be counted.
    """
    with plain_failures():
        settings = read_settings()
        told = _report(settings, year)
    click.echo(json.dumps(told, indent=1, ensure_ascii=False) if as_json else "\n".join(_table(told)))


def _report(settings: Settings, year: int) -> dict[str, Any]:
    period = Period(_start(year), _start(year + 1))
    store = store_of(settings)
    kept, counts = Kept(*store, period), Counts(load_policy(settings.policy_path))
    lost = kept.lost_until_ms()
    for event in kept.events():
        counts.add_event(event)
    for said in kept.decisions():
        counts.add_decision(said.said)
    oldest: int | None = None
    for notice in Journal(*store).reports():
        oldest = notice.received_ms if oldest is None else oldest
        if period.start_ms <= notice.received_ms < period.end_ms:
            counts.add_notice(notice)
    told = counts.told()
    told["appeals"]["open_now"] = Appeals(*store).open_count()
    return {"year": year, **told, "not_covered": list(_not_covered(period, lost, oldest, told))}


def _not_covered(period: Period, lost: int | None, oldest: int | None, told: Mapping[str, Any]) -> Iterator[str]:
    """Yield what the counts cannot say."""
    now = round(time.time() * 1000)
    if now < period.end_ms:
        yield f"The year is not over: counted until {timestamp(now)}."
    if lost is not None:
        yield (
            f"Events until {timestamp(lost)} are not kept any more (QUORUM_EVENT_RETENTION_SECONDS): blocks, holds, "
            "appeals, times and notices behind blocks of before are not counted. Run this while they are kept, or "
            "keep a copy as a consumer."
        )
    if oldest is None:
        yield "The journal is empty: notices are counted only where they led to a block."
    elif oldest > period.start_ms:
        yield (
            f"The journal begins with {timestamp(oldest)} and keeps the policy's window: notices that led to no block "
            "are counted from then on only."
        )
    unsaid = told["reporters"]["decisions_that_do_not_say"]
    if unsaid:
        yield f"{unsaid} decisions were made by an earlier release, which did not note warnings and mutes."
    yield "Mutes by hand (quorum reporters mute), and orders of authorities (Article 9, 10), are not in these data."


def _table(told: Mapping[str, Any], indent: str = "") -> Iterator[str]:
    for name, value in told.items():
        words = name.replace("_", " ")
        if isinstance(value, Mapping):
            yield f"{indent}{words}"
            yield from _table(value, indent + "  ") if value else (f"{indent}  none",)
        elif isinstance(value, list):
            yield f"{indent}{words}"
            yield from (f"{indent}  {one}" for one in value)
        else:
            said = "not known" if value is None else str(value)
            yield f"{indent}{words:<{32 - len(indent)}} {said}"


def _start(year: int) -> int:
    return round(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000)
