"""`quorum tail`: events as they happen."""

import json
import time
from typing import Any

import click

from quorum.cli.failures import plain_failures
from quorum.errors import StoreUnavailable
from quorum.events.feed import Feed
from quorum.settings import read_settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect

POLL_SECONDS = 0.2
PAGE = 100


@click.command()
@click.option("--all", "from_start", is_flag=True, help="Begin with the oldest kept event, not with the next one.")
@click.option("--json", "as_json", is_flag=True, help="Print each event as a line of JSON.")
@click.option("--no-follow", is_flag=True, help="Stop at the newest event.")
def tail(*, from_start: bool, as_json: bool, no_follow: bool) -> None:
    """Print events live (Ctrl-C ends it)."""
    with plain_failures():
        settings = read_settings()
        feed = Feed(connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace, settings.partitions)
        cursor = None if from_start else feed.end()
        while True:
            try:
                events, cursor = feed.after(cursor, PAGE)
            except StoreUnavailable as error:
                if no_follow:
                    raise
                click.echo(f"waiting for Redis: {error}", err=True)
                time.sleep(1)
                continue
            for event in events:
                body = event.as_cloudevent()
                click.echo(json.dumps(body, ensure_ascii=False) if as_json else _line(body))
            if not events:
                if no_follow:
                    return
                time.sleep(POLL_SECONDS)


def _line(event: dict[str, Any]) -> str:
    """Return an event for people; those about the shields have no score."""
    data = event["data"]
    line = f"{event['time']}  {event['type']}  {event['subject']}"
    if "score" in data:
        line += f"  score {data['score']:g} from {data['reporters']} reporters  {data['reasons']}"
    return f"{line}  because of {data['cause']}" if "cause" in data else line
