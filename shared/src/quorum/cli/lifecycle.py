"""`quorum backup`, `quorum restore`, `quorum migrate`: keep the data, bring it back, bring it to a new release."""

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, cast

import click

from quorum.backup.restoring import restore as restore_data
from quorum.backup.writing import stream_backup, write_backup
from quorum.cli.failures import plain_failures
from quorum.errors import BackupError
from quorum.events.pause import Pause
from quorum.host.files import is_replaceable
from quorum.migration.steps import migrate as migrate_layout
from quorum.reporters.pepper import check_pepper
from quorum.retention.erasures import Erasures, merged, read_erasures
from quorum.settings import Settings, read_settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect
from quorum.store.layout import LAYOUT_VERSION

STREAM = Path("-")
_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_PATH)
def backup(file: Path) -> None:
    """Write all data to FILE, or to standard output when it is -, consistent to the moment.

    Writers wait meanwhile, a second for about 30,000 keys. What is no plain file, as a pipe, is written to as it is.
    """
    with plain_failures():
        settings = read_settings()
        store = connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace
        if file != STREAM and is_replaceable(file):
            written = write_backup(*store, file, _tell)
            _tell(f"{written} keys, {file.stat().st_size:,} bytes: {file}")
        else:
            with _opened(file, "wb", sys.stdout.buffer) as out:
                _tell(f"{stream_backup(*store, out, _tell)} keys")


@click.command()
@click.argument("file", type=_PATH)
@click.option("--erasures", "lists", type=_PATH, multiple=True, help="Who was erased: what `quorum erasures` printed.")
@click.option("--resume", is_flag=True, help="Let deliveries to webhooks and bus go on at once.")
def restore(file: Path, lists: tuple[Path, ...], *, resume: bool) -> None:
    """Bring the data of a backup back from FILE, or from standard input when it is -, into a Redis that has lost it.

    API and workers may run meanwhile. Who was erased since is erased from it: as QUORUM_ERASURES and --erasures say,
    and what is left in Redis. Deliveries to webhooks and bus wait for `quorum webhooks resume`.
    """
    with plain_failures():
        settings = read_settings()
        client = connect(settings.store, WORKER_TIMEOUT_SECONDS)
        options: dict[str, Any] = {"erased": _erased(settings, lists), "backup_days": settings.backup_days}
        with _seekable(file) as held:
            name = "standard input" if file == STREAM else str(file)
            count = restore_data(client, settings.namespace, held, name, resume=resume, **options)
        click.echo(f"{count} keys are back; `quorum doctor` looks at them")
        if settings.pepper:
            check_pepper(client, settings.namespace, settings.pepper, settings.pepper_previous, claim=False)
        _tell_what_to_know(client, settings, lists)


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


def _tell(text: str) -> None:
    """Say it on standard error: standard output may be where the backup goes."""
    click.echo(text, err=True)


def _erased(settings: Settings, lists: tuple[Path, ...]) -> Erasures:
    kept = [settings.erasures_path] if settings.erasures_path and settings.erasures_path.exists() else []
    return merged(*map(read_erasures, (*kept, *lists)))


def _tell_what_to_know(client: Any, settings: Settings, lists: tuple[Path, ...]) -> None:
    if Pause(client, settings.namespace).why() is not None:
        _tell(
            "WEBHOOKS AND BUS ARE PAUSED: a copy must not call the endpoints of its original. Nothing is lost; "
            "`quorum webhooks resume` when this is the one that counts"
        )
    known = settings.erasures_path and settings.erasures_path.exists()
    if not known and not lists:
        _tell(
            "NO LIST OF ERASURES WAS READ (QUORUM_ERASURES, --erasures): people whom `quorum forget` erased after this "
            "backup was taken may be back, unless Redis still knew them; forget them again"
        )


@contextmanager
def _opened(file: Path, mode: str, standard: BinaryIO) -> Iterator[BinaryIO]:
    """Open what is no plain file of its own. Raises BackupError."""
    try:
        if file != STREAM:
            with file.open(mode) as stream:
                yield cast("BinaryIO", stream)
        elif standard.isatty():
            raise BackupError("- is the terminal here; say where it goes to or comes from: `quorum backup - > FILE`")
        else:
            yield standard
    except OSError as error:
        raise BackupError(f"{file}: {error.strerror or error}") from error


@contextmanager
def _seekable(file: Path) -> Iterator[BinaryIO]:
    """Open a backup so that it can be read twice. Raises BackupError."""
    with _opened(file, "rb", sys.stdin.buffer) as source:
        if source.seekable():
            yield source
            return
        with TemporaryFile() as held:
            shutil.copyfileobj(source, held)
            yield held
