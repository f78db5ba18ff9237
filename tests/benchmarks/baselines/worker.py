"""Runs a Celery worker of the baseline: `python -m tests.benchmarks.baselines.worker URL PROCESSES`."""

import sys

from .tasks import make_app

if __name__ == "__main__":
    url, processes = sys.argv[1:]
    make_app(url).worker_main(
        [
            "worker",
            "--loglevel=WARNING",
            f"--concurrency={processes}",
            "--queues=baseline",
            "--without-gossip",
            "--without-mingle",
            "--without-heartbeat",
        ]
    )
