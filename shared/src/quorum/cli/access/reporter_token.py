"""`quorum token`: a reporter token for trials."""

import re
import time
from datetime import datetime

import click

from quorum.cli.failures import plain_failures
from quorum.cli.moderate import person_named
from quorum.errors import SettingsError
from quorum.reporters.accounts import refused_since
from quorum.reporters.tokens import mint_token
from quorum.settings import read_settings

_NUMBER = re.compile(r"-?[0-9]{1,30}(\.[0-9]*)?")


@click.command()
@click.argument("subject")
@click.option("--minutes", default=60, show_default=True, type=click.IntRange(1, 1440), help="How long it is valid.")
@click.option("--since", help="When the account was made: seconds since 1970, or a time such as 2026-01-31T12:00:00Z.")
def token(subject: str, minutes: int, since: str | None) -> None:
    """Print a reporter token that names SUBJECT, signed with QUORUM_TOKEN_SECRET, as a site's backend would."""
    with plain_failures():
        settings = read_settings()
        if not settings.token_secret:
            raise SettingsError("QUORUM_TOKEN_SECRET is missing; it signs the token")
        name = person_named(subject).name
        made = None if since is None else _since(since)
        click.echo(mint_token(settings.token_secret, settings.token_audience, name, minutes * 60, since=made))


def _since(text: str) -> float:
    """Return a time in Unix seconds. Raises SettingsError for one that cannot be meant."""
    try:
        seconds = float(text) if _NUMBER.fullmatch(text) else datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError) as error:
        raise SettingsError("--since is no time; give seconds since 1970, or 2026-01-31T12:00:00Z") from error
    refused = refused_since(seconds, time.time())
    if refused:
        raise SettingsError(f"--since {refused}")
    return seconds
