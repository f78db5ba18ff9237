"""Shows the errors that quorum raises on purpose as one plain line instead of a traceback."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from quorum.errors import QuorumError


@contextmanager
def plain_failures() -> Iterator[None]:
    """Turn a QuorumError into a message on standard error and exit status 1."""
    try:
        yield
    except QuorumError as error:
        raise click.ClickException(str(error)) from error
