"""`quorum webhooks`: endpoints that are told of every decision."""

import click

from quorum.cli.failures import plain_failures
from quorum.errors import SettingsError
from quorum.events.event import EVENT_TYPES, timestamp
from quorum.events.pause import Pause
from quorum.settings import read_settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect
from quorum.webhooks.deliveries import Webhooks
from quorum.webhooks.subscription import DEFAULT_TYPES, new_subscription

HOUR_MS = 3_600_000


@click.group()
def webhooks() -> None:
    """Subscribe endpoints to events, and see how their deliveries fare."""


def _store() -> Webhooks:
    settings = read_settings()
    return Webhooks(connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace, settings.partitions)


@webhooks.command()
@click.argument("url")
@click.option(
    "--type", "types", multiple=True, type=click.Choice(EVENT_TYPES), help="Default: blocked, unblocked, deleted."
)
@click.option("--name", default="", help="What it is for.")
def add(url: str, types: tuple[str, ...], name: str) -> None:
    """Subscribe an endpoint; its secret is shown once."""
    with plain_failures():
        store = _store()
        subscription = new_subscription(url, types or DEFAULT_TYPES, name, store.now_ms())
        store.add(subscription)
        click.echo(f"{subscription.id}\nsecret: {subscription.secrets[0].text}")


@webhooks.command("list")
def list_webhooks() -> None:
    """Show all subscriptions and their state."""
    with plain_failures():
        store = _store()
        for one in store.all():
            waiting, dead = store.backlog(one.id)
            since = store.failing_since(one.id)
            failing = f"failing since {timestamp(since)}" if since else "ok"
            state = f"disabled: {one.disabled_because}" if one.disabled_ms else failing
            click.echo(f"{one.id}  {one.url}  {state}  {waiting} waiting, {dead} dead  {one.name}")
        for webhook_id in store.unreadable():
            shown = webhook_id if webhook_id.isprintable() else repr(webhook_id)
            click.echo(f"{shown}  cannot be read and gets nothing: remove it, and add it again")


@webhooks.command()
@click.argument("webhook_id")
def remove(webhook_id: str) -> None:
    """Forget a subscription and what waits for it."""
    with plain_failures():
        _store().remove(webhook_id)
        click.echo("removed")


@webhooks.command()
@click.argument("webhook_id")
def rotate(webhook_id: str) -> None:
    """Give it a new secret; the one before signs as well for a day."""
    with plain_failures():
        store = _store()
        now = store.now_ms()
        subscription = store.change(webhook_id, lambda one: one.rotated(now))
        click.echo(f"secret: {subscription.secrets[0].text}")


@webhooks.command()
@click.argument("webhook_id")
def enable(webhook_id: str) -> None:
    """Deliver again, from where it stopped."""
    with plain_failures():
        _store().enable(webhook_id)
        click.echo("enabled")


@webhooks.command()
def resume() -> None:
    """Let all deliveries go on, those to the bus too, after a restore has paused them."""
    with plain_failures():
        settings = read_settings()
        client = connect(settings.store, WORKER_TIMEOUT_SECONDS)
        ended = Pause(client, settings.namespace).end()
        click.echo("deliveries go on" if ended else "deliveries were not paused")


@webhooks.command()
@click.argument("webhook_id")
def test(webhook_id: str) -> None:
    """Send it a test event."""
    with plain_failures():
        store = _store()
        click.echo(f"sent as {store.ping(store.get(webhook_id), store.now_ms())}")


@webhooks.command()
@click.argument("webhook_id")
@click.option("--hours", required=True, type=click.FloatRange(min=0), help="Events of the last so many hours.")
def replay(webhook_id: str, hours: float) -> None:
    """Send it the kept events of the last hours again."""
    with plain_failures():
        store = _store()
        now = store.now_ms()
        if hours * HOUR_MS > now:
            raise SettingsError("--hours is longer than there has been time")
        click.echo(f"{store.replay(store.get(webhook_id), round(now - hours * HOUR_MS), now, now)} events queued")


@webhooks.command()
@click.argument("webhook_id")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000))
def deliveries(webhook_id: str, limit: int) -> None:
    """Show its last attempts, newest first."""
    with plain_failures():
        for one in _store().deliveries(webhook_id, limit):
            click.echo(
                f"{timestamp(one.at_ms)}  {one.outcome:9}  {one.status or '-':>3}  attempt {one.attempt}  "
                f"{one.duration_ms} ms  {one.subject}  {one.event_id}  {one.detail}"
            )
