"""`quorum shields`, `reporters`, `forget`, `erasures`: what people at the site do by hand."""

import time

import click

from quorum.cli.failures import plain_failures
from quorum.cli.moderation.places import store_of, who
from quorum.errors import InvalidName, SettingsError
from quorum.events.event import timestamp
from quorum.judgement.caps.shields import DAY_MS, HOUR_MS
from quorum.moderation.shields import FOR_EVER_MS, Shields
from quorum.moderation.stored_reporters import Reporters
from quorum.people import Person
from quorum.policy import load_policy
from quorum.policy.accuracy import MINUTE_MS
from quorum.reporters.identities import Identities
from quorum.reporters.pepper import check_pepper
from quorum.retention.erasure import Erasure
from quorum.retention.erasures import remember_erasures, to_lines
from quorum.settings import Settings, read_settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect


@click.group()
def shields() -> None:
    """Show, raise or lower the shields: while they are up, the bar of automatic blocks is higher."""


@shields.command("status")
def shields_status() -> None:
    """Show whether they are up, and what the caps have counted."""
    with plain_failures():
        settings = read_settings()
        caps = load_policy(settings.policy_path).shields
        click.echo(
            f"caps: {caps.blocks_per_hour} automatic blocks in any hour, {caps.blocks_per_day} in any day; "
            f"beyond them the bar is {caps.factor:g} times as high"
        )
        for number, shield in enumerate(Shields(*store_of(settings)).states()):
            now = round(time.time() * 1000)
            up = shield.up_until > now
            until = "until lowered" if shield.up_until >= FOR_EVER_MS else f"until {timestamp(shield.up_until)}"
            hour, day = shield.blocks_since(now - HOUR_MS), shield.blocks_since(now - DAY_MS)
            click.echo(
                f"partition {number}: {f'UP {until}' if up else 'down'}; "
                f"{hour} blocks in the last hour, {day} in the last day"
            )


@shields.command("raise")
@click.option("--minutes", type=click.FloatRange(min=0.01), help="For so long; without it until they are lowered.")
def raise_shields(minutes: float | None) -> None:
    """Hold what does not cross the higher bar from now on."""
    with plain_failures():
        raised = Shields(*store_of(read_settings())).raise_(minutes, who())
        click.echo("shields are up" if raised else "shields were up already; their time is the new one")


@shields.command("lower")
def lower_shields() -> None:
    """Go back to the usual bar, with caps that have counted nothing. What is held is judged again by it."""
    with plain_failures():
        lowered = Shields(*store_of(read_settings())).lower(who())
        click.echo("shields are down" if lowered else "shields were down already")


@click.group()
def reporters() -> None:
    """Show or mute reporters, by the names that the site gives them."""


@reporters.command("show")
@click.argument("subject")
def show_reporter(subject: str) -> None:
    """Show what was decided of a reporter's reports."""
    with plain_failures():
        settings = read_settings()
        fingerprints = _identities(settings).fingerprints_of(person_named(subject))
        for standing in Reporters(*store_of(settings)).standings([fingerprints]):
            muted = standing.is_muted(round(time.time() * 1000))
            click.echo(
                f"{standing.upheld} upheld, {standing.unfounded} unfounded"
                + (f"; warned {timestamp(standing.warned * MINUTE_MS)}" if standing.warned else "")
                + (f"; muted until {timestamp(standing.muted_until * MINUTE_MS)}" if muted else "")
            )


@reporters.command()
@click.argument("subject")
@click.option("--days", default=30.0, show_default=True, type=click.FloatRange(min=0.001, max=36_500))
def mute(subject: str, days: float) -> None:
    """Let a reporter's reports count for nothing, for a time."""
    with plain_failures():
        _mute(subject, int(time.time() / 60 + days * 1440) + 1)
        click.echo(f"muted for {days:g} days")


@reporters.command()
@click.argument("subject")
def unmute(subject: str) -> None:
    """End a mute or a warning."""
    with plain_failures():
        _mute(subject, 0)
        click.echo("neither muted nor warned")


@click.command()
@click.argument("subject")
@click.option("--address", is_flag=True, help="SUBJECT is the network address of an anonymous reporter.")
def forget(subject: str, *, address: bool) -> None:
    """Erase a reporter from all that is kept (GDPR, Article 17). What was decided with their help stays decided.

    Their fingerprint is remembered for QUORUM_BACKUP_DAYS, so that no restore brings them back: in Redis, and in the
    file that QUORUM_ERASURES names.
    """
    with plain_failures():
        settings = read_settings()
        identities = _identities(settings)
        fingerprints = (
            identities.fingerprints_at(subject) if address else identities.all_fingerprints_of(person_named(subject))
        )
        erasure = Erasure(*store_of(settings))
        _keep_outside(settings, erasure, fingerprints)  # first: what cannot be kept erased must not seem to be
        erased = erasure.erase(fingerprints)
        _keep_outside(settings, erasure, fingerprints)
        click.echo(
            f"erased: {erased.tallied} in tallies, {erased.waiting} on their way, {erased.recorded} in the journal"
        )
        if not settings.erasures_path:
            click.echo(
                "QUORUM_ERASURES is not set: if this Redis is lost, a restore brings them back; keep what `quorum "
                "erasures` prints beside your backups, and give it to `quorum restore --erasures`",
                err=True,
            )


@click.command()
def erasures() -> None:
    """Print who was erased in the last QUORUM_BACKUP_DAYS, as fingerprints; `quorum restore --erasures` reads it."""
    with plain_failures():
        settings = read_settings()
        for line in to_lines(Erasure(*store_of(settings)).known()):
            click.echo(line)


def _keep_outside(settings: Settings, erasure: Erasure, fingerprints: list[bytes]) -> None:
    if settings.erasures_path:
        now = erasure.now_ms()
        remember_erasures(settings.erasures_path, dict.fromkeys(fingerprints, now), now - settings.backup_days * DAY_MS)


def _identities(settings: Settings) -> Identities:
    if not settings.pepper:
        raise SettingsError("QUORUM_PEPPER is missing; without it nobody's fingerprint is known")
    store = connect(settings.store, WORKER_TIMEOUT_SECONDS)
    check_pepper(store, settings.namespace, settings.pepper, settings.pepper_previous, claim=False)
    return Identities(settings.pepper, settings.pepper_previous)


def person_named(subject: str) -> Person:
    """Return whom the site means by a name, under the policy in use. Raises InvalidName, which names the argument."""
    try:
        return load_policy(read_settings().policy_path).people.person(subject)
    except InvalidName as error:
        raise InvalidName(f"SUBJECT: {error}") from error


def _mute(subject: str, until_minute: int) -> None:
    settings = read_settings()
    store = Reporters(*store_of(settings))
    for fingerprint in _identities(settings).fingerprints_of(person_named(subject)):
        store.mute(fingerprint, until_minute)
