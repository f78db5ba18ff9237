"""Free loopback ports."""

import socket
from pathlib import Path


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


def port_for(marker: Path) -> int:
    """Return the port that was used last time when it is still free, else a free one; remember it in `marker`."""
    if marker.exists() and is_free(int(marker.read_text())):
        return int(marker.read_text())
    port = free_port()
    marker.write_text(str(port))
    return port
