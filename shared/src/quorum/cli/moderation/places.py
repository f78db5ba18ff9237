"""Where the commands find the data, and who is at the keyboard."""

import getpass
import os
from typing import Any

from quorum.settings import Settings
from quorum.store.connection import WORKER_TIMEOUT_SECONDS, connect


def store_of(settings: Settings) -> tuple[Any, str, int]:
    """Return what every part that keeps something is made of: client, namespace, partitions."""
    return connect(settings.store, WORKER_TIMEOUT_SECONDS), settings.namespace, settings.partitions


def who() -> str:
    """Return who is at the keyboard, for the audit trail; in a container the user may have no name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"user {os.getuid()}"
    return f"{name} (command line)"
