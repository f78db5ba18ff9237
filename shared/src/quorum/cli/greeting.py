"""Waits until a trial quorum works, writes its `env` file, and says where to go."""

import json
import os
import time
import urllib.error
import urllib.request
from pathlib import Path

import click

PATIENCE_SECONDS = 60
POLL_SECONDS = 0.1

MESSAGE = """
quorum is running.

  Try it      {url}/demo    a small news page: report a picture as several readers
  API docs    {url}/docs
  Operations  {url}/ops     what is wrong, what to do, live charts  ({url}/metrics)
  Events      curl -N {stream}    (live; or {url}/v1/events)

  Block an image from another terminal (five different readers report it):

    . {env}
    for n in 1 2 3 4 5; do curl -s -H "Authorization: Bearer $QUORUM_SITE_KEY" -H 'content-type: application/json' \\
      -d '{{"image_id":"img-1","reason":"violence","reporter_id":"reader-'$n'"}}' $QUORUM_URL/v1/reports; echo; done
    curl -s $QUORUM_URL/v1/events

  Ctrl-C stops it; the data stays in {data}.
"""


def main() -> None:
    """Greet once the API is ready and a worker has joined."""
    url, data = os.environ["QUORUM_URL"], Path(os.environ["QUORUM_RUN_DATA"])
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not _ready(url):
        if time.monotonic() > deadline:
            click.echo(f"quorum is not ready after {PATIENCE_SECONDS} s: see {data}/redis.log and the lines above")
            return
        time.sleep(POLL_SECONDS)
    env = publish_environment(data)
    click.echo(MESSAGE.format(url=url, stream=os.environ["QUORUM_STREAM_URL"], env=env, data=data))


def publish_environment(data: Path) -> Path:
    """Put the finished env file in the data directory, and, for the quorum started last from here, in `.run`."""
    text = (data / "env.new").read_text()
    usual = Path(".run")
    usual.mkdir(exist_ok=True, mode=0o700)
    for directory in (data, usual):
        _replace(directory / "env", text)
    return usual / "env" if usual.resolve() == data else data / "env"


def _replace(path: Path, text: str) -> None:
    draft = path.with_suffix(".draft")
    draft.touch(mode=0o600)
    draft.write_text(text)
    draft.replace(path)


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=1) as answer:  # noqa: S310 - our own loopback URL
            if json.load(answer)["status"] != "ready":
                return False
        with urllib.request.urlopen(f"{url}/metrics", timeout=1) as answer:  # noqa: S310
            return b"quorum_last_sweep_age_seconds" in answer.read()
    except (urllib.error.URLError, OSError, ValueError):
        return False


if __name__ == "__main__":
    main()
