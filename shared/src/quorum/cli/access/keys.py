"""`quorum keys`: the API keys of backends and services."""

from datetime import UTC, datetime

import click

from quorum.access.keys import ApiKey, Scope
from quorum.access.stored_keys import ApiKeys
from quorum.cli.failures import plain_failures
from quorum.settings import read_settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect

MAX_NAME = 100


@click.group()
def keys() -> None:
    """Create, list and revoke API keys. To rotate one: create another, give it out, revoke the old one."""


def _api_keys() -> ApiKeys:
    settings = read_settings()
    return ApiKeys(connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace)


@keys.command()
@click.argument("name")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="What the key may do; give several.",
)
def create(name: str, scopes: tuple[str, ...]) -> None:
    """Make a key for NAME (who it is for) and print it: this is the only time that it can be seen."""
    if not name.isprintable() or not 1 <= len(name) <= MAX_NAME:
        raise click.UsageError(f"NAME must be printable and at most {MAX_NAME} characters")
    with plain_failures():
        _, whole = _api_keys().create(name, frozenset(map(Scope, scopes)))
    click.echo(whole)
    click.echo("Keep it now: only its digest is stored.", err=True)


@keys.command("list")
def list_keys() -> None:
    """Show all keys: id, state, scopes, when made, for whom."""
    with plain_failures():
        for key in _api_keys().list():
            click.echo(
                f"{key.id}  {_state(key)}  {','.join(sorted(key.scopes)):<20}  {_day(key.created_ms)}  {key.name}"
            )


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """Make the key KEY_ID useless; running APIs follow within seconds."""
    with plain_failures():
        click.echo(f"{_api_keys().revoke(key_id).id} is revoked")


def _state(key: ApiKey) -> str:
    return "valid  " if key.revoked_ms is None else "revoked"


def _day(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d}"
