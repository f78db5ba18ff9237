"""The table of routes in docs/security.md; `python -m report_api.docs.route_table FILE` writes it into the file."""

import sys
from pathlib import Path

from quorum.settings import Settings
from report_api.access.guard import NEEDS, READER, Need
from report_api.app import create_app
from report_api.telemetry.observe import as_template

BEGIN, END = "<!-- routes: made by `make generate` -->\n", "<!-- end of routes -->\n"
_ALSO = {"HEAD", "OPTIONS"}  # of every route that has GET, and of every route
_OF_STREAM: list[tuple[str, str, Need]] = [("/v1/events/stream", "GET", READER)]


def table() -> str:
    """Return every route, the methods that it has, and what a caller needs for it."""
    app = create_app(Settings(pepper="of nobody, for the table alone", broker_url="memory://", demo=True))
    found = [
        (as_template(rule.rule), method, NEEDS[rule.endpoint])
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - _ALSO)
    ]
    rows = [f"| `{method} {path}` | {need.told} |\n" for path, method, need in sorted(found + _OF_STREAM, key=_place)]
    return "| route | what a caller needs |\n|---|---|\n" + "".join(rows)


def with_table(text: str) -> str:
    """Return a text with the table between its two marks."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


def _place(row: tuple[str, str, Need]) -> tuple[str, str]:
    return row[0], row[1]


if __name__ == "__main__":
    page = Path(sys.argv[1])
    page.write_text(with_table(page.read_text(encoding="utf-8")), encoding="utf-8")
