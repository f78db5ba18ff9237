"""`quorum accounts`: the people inside, who sign in to the console."""

from datetime import UTC, datetime

import click

from quorum.accounts.account import Account
from quorum.accounts.roles import Role
from quorum.accounts.sessions import Sessions
from quorum.accounts.stored_accounts import Accounts
from quorum.cli.failures import plain_failures
from quorum.errors import UnknownAccount
from quorum.settings import read_settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect

ROLES = click.Choice([role.value for role in Role])


@click.group()
def accounts() -> None:
    """Make accounts of people inside, list them, and take away what they may do."""


def _accounts() -> Accounts:
    settings = read_settings()
    return Accounts(connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace)


def _sessions() -> Sessions:
    settings = read_settings()
    return Sessions(connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace)


@accounts.command()
@click.argument("name")
@click.option("--role", required=True, type=ROLES, help="What they may do: each may what the ones before it may.")
@click.option("--subject", help="'ISSUER SUBJECT' of a sign-in service (OIDC), which lets them in; then no password.")
def add(name: str, role: str, subject: str | None) -> None:
    """Make an account for NAME and print its password: this is the only time that it can be seen."""
    with plain_failures():
        if subject is not None:
            account = _accounts().add_linked(name, Role(role), subject)
            click.echo(f"{account.name} is {role}, and signs in by that service alone.", err=True)
            return
        account, password = _accounts().add(name, Role(role))
    _show(password)
    click.echo(f"{account.name} is {role}.", err=True)


@accounts.command("list")
def list_accounts() -> None:
    """Show all accounts: state, role, how they sign in, when made, name."""
    with plain_failures():
        for one in _accounts().list():
            click.echo(f"{_state(one)}  {one.role:<9}  {_way(one):<15}  {_time(one.created_ms)[:10]}  {one.name}")


@accounts.command()
@click.argument("name")
def reset(name: str) -> None:
    """Give NAME another password and print it, once; all their sessions end."""
    with plain_failures():
        password = _accounts().reset(name)
    _show(password)


@accounts.command()
@click.argument("name")
def disable(name: str) -> None:
    """Let NAME in no more; all their sessions end."""
    with plain_failures():
        click.echo(f"{_accounts().disable(name).name} is disabled")


@accounts.command()
@click.argument("name")
def enable(name: str) -> None:
    """Let NAME in again, who was disabled."""
    with plain_failures():
        click.echo(f"{_accounts().enable(name).name} is enabled")


@accounts.command("role")
@click.argument("name")
@click.argument("role", type=ROLES)
def set_role(name: str, role: str) -> None:
    """Give NAME the ROLE, in place of the one that they have; all their sessions end."""
    with plain_failures():
        account = _accounts().set_role(name, Role(role))
    click.echo(f"{account.name} is {account.role}")


@accounts.command("sessions")
@click.argument("name")
@click.option("--close", is_flag=True, help="End them all.")
def show_sessions(name: str, close: bool) -> None:  # noqa: FBT001 - as click calls it
    """Show the open sessions of NAME: id, since when, last used, browser."""
    with plain_failures():
        account = _accounts().get(name)
        if account is None:
            raise UnknownAccount(name)
        if close:
            click.echo(f"{_sessions().close_all(account.name)} closed")
            return
        for one in _sessions().list(account.name):
            click.echo(f"{one.id}  {_time(one.opened_ms)}  {_time(one.seen_ms)}  {one.agent}")


def _show(password: str) -> None:
    click.echo(password)
    click.echo("Hand it on now: only a hash is stored. It must be changed at the first sign-in.", err=True)


def _state(account: Account) -> str:
    return "enabled " if account.disabled_ms is None else "disabled"


def _way(account: Account) -> str:
    ways = (("password", account.password), ("service", account.subject))
    return "+".join(way for way, has in ways if has)


def _time(milliseconds: int) -> str:
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M}"
