"""`quorum run`, `quorum status`, `quorum stop`: everything on this machine, under one supervisor."""

import os
import sys

import click

from quorum.cli.failures import plain_failures
from quorum.errors import SettingsError


@click.command()
def run() -> None:
    """Start everything here: an embedded Redis, API, stream and workers, supervised; Ctrl-C stops it with nothing lost.

    QUORUM_PORT chooses the port (default 8080, or a free one when that is taken) and QUORUM_DATA the data directory
    (default .run), so that two can run side by side. The data survives a restart. .run/env can be sourced by a shell.
    Every other setting that the environment states is obeyed, and named once all runs.
    """
    os.umask(0o077)  # what is written here is for its owner
    with plain_failures():
        _require_supervisor()
        from quorum.cli.trial import overseer  # noqa: PLC0415 - needs what the extra `run` brings
        from quorum.cli.trial import plan as trial  # noqa: PLC0415 - needs what the extra `run` brings

        data = trial.data_directory(os.environ)
        _held = trial.claim(data)
        prepared = trial.prepare_trial(data, os.environ)
        server = prepared.redis.server.version if prepared.redis else "the Redis of QUORUM_REDIS_URL"
        click.echo(f"quorum starts in {data}: {server}, API, workers ...")
        sys.stdout.flush()
        sys.exit(overseer.oversee(prepared))


@click.command()
def status() -> None:
    """Say what runs in QUORUM_DATA, since when and on which ports.

    Exit status 0: all of it; 1: not all of it, or it is not ready; 3: nothing runs.
    """
    with plain_failures():
        _require_supervisor()
        from quorum.cli.trial.plan import data_directory  # noqa: PLC0415
        from quorum.cli.trial.standing import standing, tell  # noqa: PLC0415 - as above

        found = standing(data_directory(os.environ))
        click.echo(tell(found))
        sys.exit(found.exit_status)


@click.command()
def stop() -> None:
    """Stop what `quorum run` started in QUORUM_DATA, and wait until it has ended. Nothing to stop is no error."""
    with plain_failures():
        _require_supervisor()
        from quorum.cli.trial.plan import data_directory  # noqa: PLC0415
        from quorum.cli.trial.standing import end  # noqa: PLC0415 - as above

        click.echo(end(data_directory(os.environ)))


def _require_supervisor() -> None:
    try:
        import psutil  # noqa: F401, PLC0415
        import supervisor  # noqa: F401, PLC0415
    except ImportError as error:
        raise SettingsError("install quorum-shared[run] first: it brings what starts and watches processes") from error
