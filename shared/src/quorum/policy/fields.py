"""Typed access to a TOML table, with errors that name file, line and field."""

import re
from typing import Any

from quorum.errors import PolicyError
from quorum.network.addresses import Network, parse_network

_HEADER = re.compile(r"^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?")
_KEY = re.compile(r"^\s*([A-Za-z0-9_.\"'-]+?)\s*=")


class Source:
    """A policy text, and where each field stands in it."""

    def __init__(self, name: str, text: str) -> None:
        self._name = name
        self._lines: dict[str, int] = {}
        table, counts = "", dict[str, int]()
        for number, line in enumerate(text.splitlines(), 1):
            if header := _HEADER.match(line):
                table = header[2].replace(" ", "")
                if header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                    table = f"{table}[{counts[table]}]"
                self._lines.setdefault(table, number)
            elif key := _KEY.match(line):
                self._lines.setdefault(f"{table}.{key[1]}" if table else key[1], number)

    def error(self, field: str, problem: str) -> PolicyError:
        """Return an error about `field`, at its line or at that of the table around it."""
        around = field
        while around and around not in self._lines:
            around = around.rpartition(".")[0]
        place = f"{self._name}, line {self._lines[around]}" if around else self._name
        return PolicyError(f"{place}: {field}: {problem}")


class Fields:
    """One table; `path` is how errors name it."""

    def __init__(self, source: Source, table: dict[str, Any], path: str, known: set[str] | None) -> None:
        self.path = path
        self._source = source
        self._table = table
        if known is not None:
            for name in table:
                if name not in known:
                    raise self.error(name, f"is not a field here; the fields are {', '.join(sorted(known))}")

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def error(self, name: str, problem: str) -> PolicyError:
        """Return an error about a field of this table."""
        return self._source.error(self._field(name), problem)

    def names(self) -> list[str]:
        """Return the fields that are given."""
        return list(self._table)

    def raw(self, name: str) -> Any:
        """Return a field as TOML gave it, None when it is not given."""
        return self._table.get(name)

    def number(self, name: str, default: float | None = None, *, low: float, high: float) -> float:
        """Return a number from `low` to `high`; without a default it must be given."""
        return float(self._checked(name, default, (low, high), int | float))

    def whole(self, name: str, default: int | None = None, *, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`; without a default it must be given."""
        return int(self._checked(name, default, (low, high), int))

    def flag(self, name: str, *, default: bool) -> bool:
        """Return true or false."""
        value = self._table.get(name, default)
        if not isinstance(value, bool):
            raise self.error(name, f"must be true or false, not {value!r}")
        return value

    def text(self, name: str) -> str:
        """Return text that is not empty."""
        value = self._table.get(name)
        if not isinstance(value, str) or not value:
            raise self.error(name, "must be text, in quotes")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of texts, empty when it is not given."""
        value = self._table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
            raise self.error(name, 'must be a list of texts, as in ["one", "another"]')
        return tuple(value)

    def networks(self, name: str) -> tuple[Network, ...]:
        """Return a list of networks in CIDR notation."""
        try:
            return tuple(parse_network(text) for text in self.texts(name))
        except ValueError as error:
            raise self.error(name, f'must hold networks such as "203.0.113.0/24": {error}') from error

    def table(self, name: str, known: set[str] | None = None, *, required: bool = False) -> "Fields":
        """Return a table inside this one, empty when it is not given."""
        value = self._table.get(name)
        if value is None and not required:
            value = {}
        if not isinstance(value, dict):
            raise self.error(name, f"must be a table, as in [{self._field(name)}]")
        return Fields(self._source, value, self._field(name), known)

    def tables(self, name: str, known: set[str]) -> list["Fields"]:
        """Return a list of tables inside this one."""
        value = self._table.get(name, [])
        if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
            raise self.error(name, f"must be tables, as in [[{self._field(name)}]]")
        return [Fields(self._source, one, f"{self._field(name)}[{i}]", known) for i, one in enumerate(value)]

    def _field(self, name: str) -> str:
        return f"{self.path}.{name}" if self.path else name

    def _checked(self, name: str, default: float | None, bounds: tuple[float, float], kind: Any) -> Any:
        value: Any = self._table.get(name, default)
        if value is None:
            raise self.error(name, "is missing; see the default policy for its meaning")
        if isinstance(value, bool) or not isinstance(value, kind):
            raise self.error(name, f"must be {'a whole number' if kind is int else 'a number'}, not {value!r}")
        low, high = bounds
        if not low <= value <= high:
            raise self.error(name, f"must be between {low:g} and {high:g}, not {value!r}")
        return value
