"""`quorum token`: a reporter token for trials."""

import click

from quorum.cli.failures import plain_failures
from quorum.errors import SettingsError
from quorum.reporters.tokens import mint_token
from quorum.settings import read_settings


@click.command()
@click.argument("subject")
@click.option("--minutes", default=60, show_default=True, type=click.IntRange(1, 1440), help="How long it is valid.")
def token(subject: str, minutes: int) -> None:
    """Print a reporter token that names SUBJECT, signed with QUORUM_TOKEN_SECRET, as a site's backend would."""
    with plain_failures():
        settings = read_settings()
        if not settings.token_secret:
            raise SettingsError("QUORUM_TOKEN_SECRET is missing; it signs the token")
        click.echo(mint_token(settings.token_secret, settings.token_audience, subject, minutes * 60))
