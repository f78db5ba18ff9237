"""`quorum backup`, `quorum restore`, `quorum migrate`: keep the data, bring it back, bring it to a new release."""

from pathlib import Path

import click

from quorum.cli.failures import plain_failures
from quorum.redis_store.backup import read_backup, write_backup
from quorum.redis_store.connection import WORKER_TIMEOUT_SECONDS, connect
from quorum.redis_store.layout import LAYOUT_VERSION
from quorum.redis_store.migration import migrate as migrate_layout
from quorum.settings import read_settings

_FILE = click.argument("file", type=click.Path(dir_okay=False, path_type=Path))


@click.command()
@_FILE
def backup(file: Path) -> None:
    """Write all data to FILE, consistent to the moment; writers wait meanwhile, a second for about 30,000 keys."""
    with plain_failures():
        settings = read_settings()
        written = write_backup(connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace, file)
        # not on standard output, which may be where the file goes: quorum backup F && cat F
        click.echo(f"{written} keys, {file.stat().st_size:,} bytes: {file}", err=True)


@click.command()
@_FILE
def restore(file: Path) -> None:
    """Bring the data of a backup back into a Redis that has lost it; API and workers may run meanwhile."""
    with plain_failures():
        settings = read_settings()
        count = read_backup(connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace, file)
        click.echo(f"{count} keys are back; `quorum doctor` looks at them")


@click.command()
def migrate() -> None:
    """Bring the data of an older release to this one, while API and workers are stopped. Take a backup first."""
    with plain_failures():
        settings = read_settings()
        client = connect(settings.store, WORKER_TIMEOUT_SECONDS)
        if migrate_layout(client, settings.namespace, click.echo):
            click.echo(f"the data has layout {LAYOUT_VERSION} now")
        else:
            click.echo(f"nothing to do: the data has layout {LAYOUT_VERSION}, or there is none")
