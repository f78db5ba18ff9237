"""`python -m tests.benchmarks [--quick] [--only NAME ...]`."""

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from .batch import batch
from .capacity import capacity
from .cost import cost
from .drain import drain
from .harness import FULL, QUICK, ROOT, Lab, Row, Scale, open_lab
from .intake import intake
from .latency import latency
from .memory import memory
from .pages import pages
from .pictures import pictures
from .table import page, table

PAGE = ROOT / "docs" / "benchmarks.md"
BENCHMARKS: dict[str, Callable[[Lab, Scale], Iterator[Row]]] = {
    "intake": intake,
    "batch": batch,
    "drain": drain,
    "latency": latency,
    "memory": memory,
    "pictures": pictures,
    "pages": pages,
    "cost": cost,
    "capacity": capacity,
}


def main() -> None:
    """Measure, print one table, and keep a full run in docs/benchmarks.md."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="little of everything: shows that it runs, measures nothing"
    )
    parser.add_argument("--only", action="append", choices=BENCHMARKS, help="run this one; may be given again")
    chosen = parser.parse_args()
    scale = QUICK if chosen.quick else FULL
    rows: list[Row] = []
    for name in chosen.only or BENCHMARKS:
        print(f"{name} ...", file=sys.stderr, flush=True)
        with tempfile.TemporaryDirectory(prefix="quorum-bench-") as directory, open_lab(Path(directory)) as lab:
            for row in BENCHMARKS[name](lab, scale):
                rows.append(row)
                print(f"  {row.what}: {row.ratio:.2f}", file=sys.stderr, flush=True)
    print(table(rows))
    if not chosen.quick and not chosen.only:
        PAGE.write_text(page(rows, scale))
        print(f"\nWhat exactly was measured: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
