"""Free loopback ports."""

import socket
from collections.abc import Container
from contextlib import suppress
from pathlib import Path

from quorum.errors import SettingsError
from quorum.host.files import write_whole

HIGHEST = 65535
NEAR = 100  # ports that are tried one after another


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a loopback port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True


def free_port() -> int:
    """Return a loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def next_free_port(first: int, besides: Container[int] = ()) -> int:
    """Return the first free loopback port from `first` on, but none of `besides`; any free one if none is near."""
    near = (port for port in range(first, first + NEAR) if port not in besides and is_free(port))
    return next(near, 0) or free_port()


def port_for(marker: Path) -> int:
    """Return the port that was used last time when it is still free, else a free one; remember it in `marker`."""
    with suppress(FileNotFoundError):
        kept = _parse(marker.read_bytes().decode(errors="replace").strip())
        if kept and is_free(kept):
            return kept
    port = free_port()
    write_whole(marker, str(port).encode())
    return port


def wanted_port(name: str, text: str) -> int:
    """Return the port that a setting names. Raises SettingsError when it is none, or taken."""
    port = _parse(text)
    if not port:
        raise SettingsError(f"{name} must be a port number from 1 to {HIGHEST}, not {text!r}")
    if not is_free(port):
        raise SettingsError(f"port {port} is taken; choose another with {name}, or leave it out for a free one")
    return port


def _parse(text: str) -> int | None:
    """Return a port, or None for anything else."""
    good = text.isascii() and text.isdigit() and len(text) <= len(str(HIGHEST)) and 1 <= int(text) <= HIGHEST
    return int(text) if good else None
