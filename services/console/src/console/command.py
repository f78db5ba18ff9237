"""`quorum console`."""

import click

from console.app import require_pepper
from quorum.cli.failures import plain_failures
from quorum.policy import load_policy
from quorum.settings import read_settings
from quorum.start.checks import check_store
from quorum.start.permissions import CONSOLE
from quorum.telemetry.logs import configure_logs


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8082, show_default=True, help="Port to listen on.")
@click.option("--workers", default=1, show_default=True, help="Processes.")
@click.option("--threads", default=8, show_default=True, help="Threads of each process.")
def console(host: str, port: int, workers: int, threads: int) -> None:
    """Run the console: pages for moderators, their leads, and operators."""
    with plain_failures():
        settings = read_settings()
        configure_logs("console", settings.log_format, settings.log_level)
        require_pepper(settings)
        load_policy(settings.policy_path)
        check_store(settings, CONSOLE)
    from console.serving import serve  # noqa: PLC0415 - what a server needs is loaded once all is well

    serve(settings, host, port, workers, threads)
