"""`quorum worker`."""

import os

import click

from quorum.cli.failures import plain_failures
from quorum.settings import read_settings
from quorum.telemetry.logs import configure_logs
from tally_worker.app import run_worker


@click.command()
@click.option("--concurrency", default=2, show_default=True, help="Processes that drain inboxes.")
@click.option("--metrics-address", default="127.0.0.1", show_default=True, help="Where to serve /metrics.")
@click.option("--metrics-port", default=0, help="Port of /metrics; 0 serves none.")
def worker(concurrency: int, metrics_address: str, metrics_port: int) -> None:
    """Run a worker: it tallies reports and emits block events. Start as many as you like."""
    os.environ.setdefault("REMAP_SIGTERM", "SIGQUIT")  # Celery: a soft shutdown on SIGTERM
    with plain_failures():
        settings = read_settings()
        configure_logs("worker", settings.log_format, settings.log_level)
        run_worker(settings, concurrency=concurrency, metrics_address=metrics_address, metrics_port=metrics_port)
