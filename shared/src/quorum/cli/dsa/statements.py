"""`quorum dsa statements`: statements of reasons in batches, as the EU's DSA Transparency Database takes them."""

import json
import time
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import click

from quorum.cli.dsa.dates import Day
from quorum.cli.dsa.publication import read_dates
from quorum.cli.failures import plain_failures
from quorum.cli.moderation.places import store_of
from quorum.events.event import BLOCKED, timestamp
from quorum.moderation.statements.period import Kept, Period
from quorum.moderation.statements.statement import Block, block_of, statement
from quorum.policy import Policy, load_policy
from quorum.settings import read_settings

AT_ONCE = 100  # statements that one call of the database takes


@click.command()
@click.option("--since", required=True, type=Day(), help="The first day, in UTC.")
@click.option("--until", type=Day(), help="The day after the last; without it until now.")
@click.option(
    "--content-dates",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="When images were published, which the database asks for: lines such as '2026-01-31 img-1'.",
)
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write each batch into a file of this directory, not a line to standard output.",
)
def statements(*, since: int, until: int | None, content_dates: Path | None, out: Path | None) -> None:
    """Write a statement for each block, in batches of 100, to be posted to the EU's DSA Transparency Database.

    Nothing is sent. Each batch is a line of JSON. The exit status is 1 when some are missing: events that are not kept
    any more, or images without a day where --content-dates is given; standard error says which.
    """
    with plain_failures():
        settings = read_settings()
        policy = load_policy(settings.policy_path)
        period = Period(since, until if until is not None else round(time.time() * 1000) + 1)
        kept = Kept(*store_of(settings), period)
        dates = read_dates(content_dates, policy.urls) if content_dates else None
        lost = kept.lost_until_ms()
        counted = _Counted()
        for number, batch in enumerate(_batches(_written(kept, policy, dates, counted)), 1):
            _write(json.dumps({"statements": batch}, ensure_ascii=False), number, out)
        _tell(counted, lost, has_dates=dates is not None)
    if lost is not None or counted.undated:
        raise click.exceptions.Exit(1)


def _batches(found: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := list(islice(found, AT_ONCE)):
        yield batch


class _Counted:
    """How many statements were written, and why others were not."""

    written = undated = unreadable = 0


def _written(
    kept: Kept, policy: Policy, dates: Mapping[bytes, int] | None, counted: _Counted
) -> Iterator[dict[str, Any]]:
    for block in _blocks(kept, counted):
        day = dates.get(block.digest) if dates is not None else None
        if dates is not None and day is None:
            counted.undated += 1
            continue
        counted.written += 1
        yield statement(block, policy, content_date=None if day is None else date.fromordinal(day))


def _blocks(kept: Kept, counted: _Counted) -> Iterator[Block]:
    for event in kept.events():
        if event.type == BLOCKED:
            try:
                yield block_of(event)
            except (KeyError, TypeError, ValueError):
                counted.unreadable += 1


def _write(line: str, number: int, out: Path | None) -> None:
    if out is None:
        click.echo(line)
        return
    out.mkdir(parents=True, exist_ok=True)
    (out / f"statements-{number:05}.json").write_text(line + "\n", encoding="utf-8")


def _tell(counted: _Counted, lost: int | None, *, has_dates: bool) -> None:
    click.echo(f"{counted.written} statements", err=True)
    if lost is not None:
        click.echo(
            f"events until {timestamp(lost)} are not kept any more (QUORUM_EVENT_RETENTION_SECONDS): blocks of that "
            "time are missing",
            err=True,
        )
    if counted.undated:
        click.echo(f"{counted.undated} blocked images are not in --content-dates: they are missing", err=True)
    if counted.unreadable:
        click.echo(f"{counted.unreadable} events cannot be read: somebody else wrote them", err=True)
    if not has_dates and counted.written:
        click.echo(
            "content_date is missing: the database asks when an image was published, which the site knows; give "
            "--content-dates, or add it before you post",
            err=True,
        )
