"""What a shell needs to work with a trial quorum: a file to source, and `quorum` on its PATH."""

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from quorum.errors import UnwritableFile
from quorum.host.files import private_directory, write_whole
from quorum.settings import read_settings
from quorum.settings.declared import SETTINGS
from quorum.settings.declaring import PREFIX
from quorum.settings.reading import FILE

DEFAULT_DATA = ".run"
ENV = "env"  # the file that shells may source
BIN = "bin"  # the directory that comes onto their PATH: `quorum` alone, no Python and no server
_DIRECT = 'export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"\nexport no_proxy="127.0.0.1${no_proxy:+,$no_proxy}"\n'


def text_for_shells(data: Path, url: str, stream_url: str, environ: Mapping[str, str]) -> str:
    """Return what shells may source: where it answers, what its services were given, and `quorum` on the PATH.

    `environ` is that of the services: with less, a command would see another quorum than the one that runs.
    """
    values = {"QUORUM_URL": url, "QUORUM_STREAM_URL": stream_url, "QUORUM_DATA": str(data)} | _settings(environ)
    exports = "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())
    return exports + _on_path(data / BIN) + _DIRECT


def put_command(data: Path) -> None:
    """Write a `quorum` that runs this Python's, wherever it is called. Raises UnwritableFile."""
    private_directory(data / BIN)
    script = f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -P -m quorum.cli.main "$@"\n'
    write_whole(data / BIN / "quorum", os.fsencode(script))
    (data / BIN / "quorum").chmod(0o700)


def publish(data: Path, text: str) -> Path:
    """Put the env file in the data directory and, for the quorum started last from here, in `.run` if that can be."""
    content = os.fsencode(text)  # values as they were given
    write_whole(data / ENV, content)
    usual = Path(DEFAULT_DATA)
    try:
        private_directory(usual)
        if not usual.samefile(data):
            write_whole(usual / ENV, content)
            return data / ENV
    except (OSError, UnwritableFile):
        return data / ENV
    return usual / ENV


def sourced(env: Path) -> dict[str, str]:
    """Return the settings that an `env` file exports; nothing when it cannot be read."""
    try:
        words = shlex.split(os.fsdecode(env.read_bytes()))
    except (OSError, ValueError):
        return {}
    return dict(word.partition("=")[::2] for word in words if word.startswith(PREFIX))


def _settings(environ: Mapping[str, str]) -> dict[str, str]:
    """Return each setting that was given, as it was given; secrets from files, paths for any directory."""
    settings = read_settings(environ)
    values = {}
    for one in SETTINGS:
        value = getattr(settings, one.attribute)
        if one.kind.secret and environ.get(one.name + FILE):
            values[one.name] = str(value)
        elif environ.get(one.name, "").strip():
            is_path = isinstance(value, Path)
            values[one.name] = os.path.abspath(value) if is_path else environ[one.name]  # noqa: PTH100 - links stay
    return values


def _on_path(folder: Path) -> str:
    quoted = shlex.quote(str(folder))
    return f'case ":$PATH:" in *:{quoted}:*) ;; *) export PATH={quoted}"${{PATH:+:$PATH}}" ;; esac\n'
