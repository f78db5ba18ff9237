"""Waits until a trial quorum works, writes its `env` file, and says where to go."""

import os
import time
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote
from urllib.parse import urljoin

import click

from quorum.accounts.first import First, first_account
from quorum.accounts.stored_accounts import Accounts
from quorum.cli.failures import plain_failures, speak_anywhere
from quorum.cli.probe import healthy
from quorum.cli.trial.embedded_redis import FULL, LOG, is_full
from quorum.cli.trial.plan import State, read_state
from quorum.cli.trial.shells import publish, text_for_shells
from quorum.errors import SettingsError
from quorum.host.loopback import answers
from quorum.settings import read_settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect

PATIENCE_SECONDS = 60
POLL_SECONDS = 0.1
KEPT = "console-password"  # the file that has it until it is changed
KEY = '-H "Authorization: Bearer $QUORUM_SITE_KEY" '

MESSAGE = """
quorum is running.

  Begin here  {url}/        what to click, what to paste: from here to a page of your own
{demo}  API docs    {url}/docs
  Console     {console}    queue, decisions, operations; sign in as {account}
  Events      curl -N {key}{stream}    (live; or {url}/v1/events)

  Block an image from another terminal: five readers report it (`make shell` does the first line for you)

    . {env}
    for n in 1 2 3 4 5; do curl -s -H "Authorization: Bearer $QUORUM_SITE_KEY" -H 'content-type: application/json' \\
      -d '{{"image_id":"img-1","reason":"violence","reporter_id":"reader-'$n'"}}' $QUORUM_URL/v1/reports; echo; done
    curl -s {key}"$QUORUM_URL/v1/events?subject=img-1&wait=10"
{taken}
  Ctrl-C here, or `make stop` (`quorum stop`) anywhere, stops it; the data stays in {data}.
"""


@click.command()
def main() -> None:
    """Greet once API, stream and console answer and a worker has joined; exit status 1 when they do not come."""
    speak_anywhere()
    data = Path(os.environ["TRIAL_DATA"])
    with plain_failures():
        state = read_state(data)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while missing := _missing(state):
            if time.monotonic() > deadline:
                cause = FULL.format(data=data) if is_full(data) else f"see the lines above, and {data / LOG}"
                raise SettingsError(f"after {PATIENCE_SECONDS} s {missing}: {cause}")
            time.sleep(POLL_SECONDS)
        first = _first_account(data)
        env = publish(data, text_for_shells(data, state.url, state.stream_url, os.environ))
        click.echo(message(state, env, data, first))


def message(state: State, env: Path, data: Path, first: First) -> str:
    """Say where to go, and which settings were obeyed."""
    return MESSAGE.format(
        url=state.url,
        console=state.console_url,
        account=f"{first.name} with the password {first.password}" if first.password else first.name,
        stream=state.stream_url,
        demo=f"  Try it      {state.url}/demo    a news page: send a crowd or a brigade to a picture\n" * state.demo,
        key="" if state.open else KEY,
        env=quote(str(env)),
        taken=f"\n  Obeyed from the environment: {', '.join(state.taken)}\n" if state.taken else "",
        data=data,
    )


def _first_account(data: Path) -> First:
    settings = read_settings(os.environ)
    with connect(settings.store, WORKER_TIMEOUT_SECONDS) as client:
        return first_account(Accounts(client, settings.namespace), data / KEPT)


def _missing(state: State) -> str:
    """Say what does not work yet; nothing when all does."""
    if not answers(f"{state.url}/livez"):
        return f"the API does not answer at {state.url}"
    if not answers(urljoin(state.stream_url, "/livez")):
        return f"the stream does not answer at {state.stream_url}"
    if not answers(f"{state.console_url}/livez"):
        return f"the console does not answer at {state.console_url}"
    if not answers(f"{state.url}/readyz", b'"ready"'):
        return "the API is not ready: it does not reach Redis"
    runs_seconds = (datetime.now(UTC) - datetime.fromisoformat(state.started)).total_seconds()
    if not healthy(f"{state.url}/metrics", "quorum_last_sweep_age_seconds", runs_seconds):  # not the one of yesterday
        return "no worker has begun to work"
    return ""


if __name__ == "__main__":
    main()
