"""Writes the rows down: as a table for the terminal, and as a page for docs."""

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version

from .harness import Row, Scale, redis_version

_PAGE = """\
# Benchmarks

`make bench` measures quorum against the obvious ways of doing the same, in one run on one machine, and writes this
page. Both sides of a row take turns (ours, baseline, ours, baseline, ...), and the ratio is the median of the ratios of
the rounds: machines drift, ratios do not. Everything runs on the cores below, load generator and Redis included; Redis
has the configuration of `quorum run` (append-only file, fsync every second). The code is in `tests/benchmarks/`.

| | |
|---|---|
{machine}

{results}

## What exactly was measured

{definitions}
"""


def machine(scale: Scale) -> dict[str, str]:
    """Return what the numbers depend on."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "cores": f"{len(os.sched_getaffinity(0))}, {_processor()}",
        "Python": platform.python_version(),
        "Redis": redis_version(),
        "libraries": ", ".join(
            f"{name} {version(name)}" for name in ("flask", "granian", "celery", "redis", "hiredis")
        ),
        "rounds": f"{scale.rounds}, of {scale.seconds} s where load is generated",
    }


def table(rows: list[Row]) -> str:
    """Return the rows as a Markdown table whose columns line up."""
    lines: list[tuple[str, ...]] = [("what", "ours", "baseline", "unit", "ratio", "bar", "reached")]
    lines += [_cells(row) for row in rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    padded = [" | ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines]
    padded.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in padded)


def page(rows: list[Row], scale: Scale) -> str:
    """Return docs/benchmarks.md."""
    definitions = "\n\n".join(
        f"**{row.what}** ({row.unit})\n- ours: {row.ours_is}\n- baseline: {row.baseline_is}" for row in rows
    )
    facts = "\n".join(f"| {name} | {value} |" for name, value in machine(scale).items())
    return _PAGE.format(machine=facts, results=table(rows), definitions=definitions)


def _cells(row: Row) -> tuple[str, ...]:
    bar, reached = "", ""
    if row.bar:
        sign = ">=" if row.bar.kind == "at least" else "<="
        bar = f"{sign} {row.bar.limit:g}" + (f" {row.unit}" if row.bar.of == "ours" else "")
        reached = "yes" if row.bar.holds(row) else "NO"
    return (row.what, _number(row.ours), _number(row.baseline), row.unit, f"{row.ratio:.2f}", bar, reached)


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def _processor() -> str:
    with open("/proc/cpuinfo") as lines:  # noqa: PTH123
        names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
