"""`quorum dead`: reports that could not be tallied."""

import re

import click

from quorum.cli.failures import plain_failures
from quorum.errors import MalformedEntry
from quorum.redis_store.codec import decode_entry
from quorum.redis_store.connection import WORKER_TIMEOUT_SECONDS, connect
from quorum.redis_store.dead_letters import DeadLetter, DeadLetters
from quorum.settings import read_settings

STREAM_ID = re.compile(r"\d{1,19}-\d{1,19}")


@click.group()
def dead() -> None:
    """List and replay reports that could not be tallied (dead letters)."""


def _letters() -> DeadLetters:
    settings = read_settings()
    return DeadLetters(connect(settings.redis_url, WORKER_TIMEOUT_SECONDS), settings.namespace, settings.partitions)


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
