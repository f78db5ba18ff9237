"""A health check for containers: `python -m quorum.cli.probe URL [METRIC MAXIMUM]`.

Exit status 0 when URL answers 200 and, where a metric is named, each of its values is at most MAXIMUM.
"""

import sys

from quorum.host.loopback import ask

TIMEOUT_SECONDS = 2


def healthy(url: str, metric: str | None = None, maximum: float = 0.0) -> bool:
    """Tell whether `url` answers, and whether `metric` in what it answers is at most `maximum`."""
    body = ask(url, TIMEOUT_SECONDS)
    if body is None or metric is None:
        return body is not None
    lines = body.decode(errors="replace").splitlines()
    values = [line.split()[-1] for line in lines if line.startswith((f"{metric} ", f"{metric}{{"))]
    try:
        return bool(values) and all(float(value) <= maximum for value in values)
    except ValueError:
        return False


def main() -> None:
    """Check what the command line names."""
    url, *rest = sys.argv[1:]
    good = healthy(url, rest[0], float(rest[1])) if rest else healthy(url)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
