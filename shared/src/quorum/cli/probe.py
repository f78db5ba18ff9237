"""A health check for containers: `python -m quorum.cli.probe URL [METRIC MAXIMUM]`.

Exit status 0 when URL answers 200 and, where a metric is named, its value is at most MAXIMUM.
"""

import sys
import urllib.error
import urllib.request

TIMEOUT_SECONDS = 2


def healthy(url: str, metric: str | None = None, maximum: float = 0.0) -> bool:
    """Tell whether `url` answers, and whether `metric` in what it answers is at most `maximum`."""
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - our own loopback URL
            text = answer.read().decode()
    except (urllib.error.URLError, OSError):
        return False
    if metric is None:
        return True
    values = [float(line.split()[-1]) for line in text.splitlines() if line.startswith(f"{metric} ")]
    return bool(values) and values[0] <= maximum


def main() -> None:
    """Check what the command line names."""
    url, *rest = sys.argv[1:]
    good = healthy(url, rest[0], float(rest[1])) if rest else healthy(url)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
