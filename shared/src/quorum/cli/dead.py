"""`quorum dead`: reports that could not be tallied."""

import re

import click

from quorum.cli.failures import plain_failures
from quorum.errors import MalformedEntry
from quorum.inbox.dead_letters import DeadLetter, DeadLetters
from quorum.settings import read_settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect
from quorum.tally.codec import decode_entry

MANY = 100_000
STREAM_ID = re.compile(r"\d{1,19}-\d{1,19}")


@click.group()
def dead() -> None:
    """List, replay and drop reports that could not be tallied (dead letters)."""


def _letters() -> DeadLetters:
    settings = read_settings()
    return DeadLetters(connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace, settings.partitions)


def _describe(letter: DeadLetter) -> str:
    try:
        entry = decode_entry(letter.entry)
    except MalformedEntry as error:
        return str(error)
    return f"image {entry.image.id!r}, reason {entry.reason!r}, reporter class {entry.reporter.reporter_class!r}"


@dead.command("list")
@click.option("--limit", default=50, show_default=True, help="How many to show of each partition.")
def list_letters(limit: int) -> None:
    """Show dead letters, oldest first: id, why, and what was reported."""
    with plain_failures():
        count = 0
        for letter in _letters().list(limit):
            count += 1
            click.echo(f"{letter.id}  {letter.reason}\n    {_describe(letter)}")
        click.echo(f"{count} dead letter{'' if count == 1 else 's'}", err=True)


@dead.command()
@click.argument("letter_id", required=False)
@click.option("--all", "everything", is_flag=True, help="Replay all that are there now.")
def replay(letter_id: str | None, *, everything: bool) -> None:
    """Put dead letters back into the inbox, once what was wrong is mended (a policy without the reason, say)."""
    if bool(letter_id) == everything:
        raise click.UsageError("name one dead letter by its id (see `quorum dead list`), or give --all")
    if letter_id and not STREAM_ID.fullmatch(letter_id):
        raise click.UsageError(f"{letter_id!r} is not the id of a dead letter (see `quorum dead list`)")
    with plain_failures():
        click.echo(f"{_letters().replay(letter_id)} put back into the inbox")


@dead.command()
@click.argument("letter_id", required=False)
@click.option("--unreadable", is_flag=True, help="Drop all that are no reports and never will be.")
def drop(letter_id: str | None, *, unreadable: bool) -> None:
    """Forget a dead letter for good. What is a report is dropped by its id alone, one at a time."""
    if bool(letter_id) == unreadable:
        raise click.UsageError("name one dead letter by its id (see `quorum dead list`), or give --unreadable")
    with plain_failures():
        letters = _letters()
        chosen = [one for one in letters.list(MANY) if (one.id == letter_id if letter_id else not _is_report(one))]
        if letter_id and not chosen:
            raise click.ClickException(f"there is no dead letter {letter_id}")
        for letter in chosen:
            letters.drop(letter)
        click.echo(f"{len(chosen)} dropped")


def _is_report(letter: DeadLetter) -> bool:
    try:
        decode_entry(letter.entry)
    except MalformedEntry:
        return False
    return True
