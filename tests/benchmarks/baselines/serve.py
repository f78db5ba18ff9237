"""Serves a baseline as `quorum api` does: `python -m tests.benchmarks.baselines.serve FACTORY PORT WORKERS THREADS`."""

import sys

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server

if __name__ == "__main__":
    factory, port, workers, threads = sys.argv[1:]
    Server(
        factory,
        factory=True,
        address="127.0.0.1",
        port=int(port),
        interface=Interfaces.WSGI,
        workers=int(workers),
        blocking_threads=int(threads),
        backlog=2048,
        websockets=False,
        log_level=LogLevels.warning,
    ).serve()
