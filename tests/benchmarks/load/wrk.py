"""Runs wrk against an endpoint and checks that every report was accepted."""

import subprocess
from pathlib import Path

CONNECTIONS = 64
SCRIPT = Path(__file__).parent / "reports.lua"
BATCH_SCRIPT = Path(__file__).parent / "batches.lua"
REPORTS_PER_BATCH = 500


def accepted_per_second(
    url: str, seconds: int, site_key: str = "", *, script: Path = SCRIPT, connections: int = CONNECTIONS
) -> tuple[float, int]:
    """Return requests accepted a second, and how many. Raises RuntimeError when an answer was not a success."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout", "10s", "-s", str(script), url]
    done = subprocess.run(
        [*command, "--", site_key] if site_key else command, capture_output=True, text=True, check=True
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("RESULT "))
    requests, micros, refused, broken = map(int, line.split()[1:])
    if refused or broken:
        raise RuntimeError(f"{url}: of {requests} reports {refused} were not accepted and {broken} got no answer")
    return requests / micros * 1_000_000, requests
