"""The console under Granian, a production server."""

from typing import Any, cast

from flask import Flask
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels
from granian.server import Server

from console.app import create_app
from quorum.host.lifeline import end_with_parent_process
from quorum.settings import Settings, read_settings
from quorum.telemetry.logs import configure_logs

MAX_HEADER_BYTES = 32_768
BACKLOG = 128
MAX_CONNECTIONS = 512  # of each process: people inside are few

# Granian's own lines go the way of all others.
LOGS: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}, "granian.access": {"handlers": [], "propagate": True}},
}


def serve(settings: Settings, host: str, port: int, workers: int, threads: int) -> None:
    """Serve until a signal ends it. A request's headers must be there within `QUORUM_REQUEST_SECONDS`."""
    Server(
        "console",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=threads,
        backlog=BACKLOG,
        backpressure=MAX_CONNECTIONS,
        http=HTTPModes.http1,
        http1_settings=HTTP1Settings(
            header_read_timeout=settings.request_seconds * 1000, max_buffer_size=MAX_HEADER_BYTES
        ),
        websockets=False,
        respawn_failed_workers=True,
        workers_kill_timeout=20,
        log_level=LogLevels.error,
        log_dictconfig=LOGS,
    ).serve(target_loader=cast("Any", _application), wrap_loader=False)


def _application() -> Flask:
    end_with_parent_process()
    settings = read_settings()
    configure_logs("console", settings.log_format, settings.log_level)
    return create_app(settings)
