"""`quorum api` and `quorum stream`."""

import logging
import os
import tempfile
from functools import partial
from pathlib import Path
from typing import Any, cast

import click

from quorum.cli.failures import plain_failures
from quorum.policy import load_policy
from quorum.reporters.token_keys import read_token_keys
from quorum.settings import Settings, read_settings
from quorum.start.checks import check_store
from quorum.start.permissions import API, STREAM
from quorum.telemetry.logs import configure_logs
from report_api.access.callers import require_pepper
from report_api.server.passage import read_place

METRICS_BYTES = 1 << 20  # what the files of a few processes take

# Granian's own lines go the way of all others.
GRANIAN_LOGS: dict[str, Any] = {
    "formatters": {},
    "handlers": {},
    "loggers": {"_granian": {"handlers": [], "propagate": True}, "granian.access": {"handlers": [], "propagate": True}},
}

MAX_CONNECTIONS = 20_000  # of each process; idle ones are closed soon, and descriptors end before

# Nothing here may import prometheus_client: it looks for the metrics directory once, when it is first imported.


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8080, show_default=True, help="Port to listen on.")
@click.option("--workers", default=2, show_default=True, help="Processes.")
@click.option("--threads", default=24, show_default=True, help="Threads of each process, for all but reports.")
def api(host: str, port: int, workers: int, threads: int) -> None:
    """Run the report API under Granian, a production server."""
    with plain_failures():
        settings = read_settings()
        configure_logs("report-api", settings.log_format, settings.log_level)
        require_pepper(settings)
        read_token_keys(settings.token_secret, settings.token_keys_path)
        load_policy(settings.policy_path)
        check_store(settings, API)
        read_place(settings.stream_inner)
    with tempfile.TemporaryDirectory(prefix="quorum-metrics-") as directory:
        with plain_failures():
            _require_room(Path(directory))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory
        _serve(settings, host, port, workers, threads)


def _require_room(directory: Path) -> None:
    """Fail in words, instead of in each process of the server, where its metrics have no room. Raises OSError."""
    trial = directory / "room"
    trial.write_bytes(bytes(METRICS_BYTES))
    trial.unlink()


def _serve(settings: Settings, host: str, port: int, workers: int, threads: int) -> None:
    from granian.constants import Interfaces  # noqa: PLC0415 - after the metrics directory is set
    from granian.log import LogLevels  # noqa: PLC0415

    from report_api.server.listening import HttpServer  # noqa: PLC0415
    from report_api.server.serve import api as make  # noqa: PLC0415

    HttpServer(
        seconds=settings.request_seconds,
        address=host,
        port=port,
        interface=Interfaces.RSGI,
        workers=workers,
        backpressure=MAX_CONNECTIONS,
        workers_kill_timeout=20,
        log_level=LogLevels.warning,
        log_dictconfig=GRANIAN_LOGS,
    ).serve(target_loader=cast("Any", partial(make, threads)), wrap_loader=False)


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8081, show_default=True, help="Port to listen on.")
@click.option("--inner-port", type=click.IntRange(1, 65_535), help="Port for the API alone (QUORUM_STREAM_INNER).")
def stream(host: str, port: int, inner_port: int | None) -> None:
    """Run the event stream: GET /v1/events/stream, server-sent events for any number of consumers."""
    with plain_failures():
        settings = read_settings()
        configure_logs("stream", settings.log_format, settings.log_level)
        check_store(settings, STREAM)
        from report_api.stream.limits import limits_within, raise_descriptors  # noqa: PLC0415 - see above
        from report_api.stream.listening import listen  # noqa: PLC0415
        from report_api.stream.server import run_stream  # noqa: PLC0415

        watchers = settings.partitions if settings.in_cluster else 1
        limits = limits_within(
            raise_descriptors(), settings.streams, settings.streams_per_address, redis_nodes=watchers
        )
        listener = listen(host, port, settings.stream_take_seconds)
        inner = listen(host, inner_port, settings.stream_take_seconds) if inner_port else None
    told = {"streams": limits.streams, "per_address": limits.streams_per_address, "connections": limits.connections}
    logging.getLogger(__name__).info("streams are served", extra=told)
    with plain_failures():
        run_stream(settings, limits, listener, inner)
