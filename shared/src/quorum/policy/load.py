"""Reads a policy file (TOML) and says exactly what is wrong with a bad one."""

import re
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

from quorum.errors import PolicyError
from quorum.policy.model import MAX_REPORTERS_STORED, POINT, Policy, Reason

REQUIRED_CLASSES = ("verified", "anonymous")
MAX_WEIGHT = 65.0  # points; a tally keeps a reporter's weight in 16 bits of thousandths
MAX_REASONS = 50
SECONDS_PER_DAY = 86400

_NAME = re.compile(r"[a-z][a-z0-9_]{0,30}")
_FIELDS = {"threshold", "min_reporters", "window_days", "reporters", "reasons"}


def load_policy(path: Path | None = None) -> Policy:
    """Read the policy at `path`, or the default one that is shipped with quorum. Raises PolicyError."""
    if path is None:
        return parse_policy(files("quorum.policy").joinpath("default.toml").read_text(), "default.toml")
    try:
        text = path.read_text()
    except OSError as error:
        raise PolicyError(f"{path}: cannot be read: {error.strerror}") from error
    return parse_policy(text, str(path))


def parse_policy(text: str, source: str) -> Policy:
    """Return the policy that `text` states; `source` names it in errors. Raises PolicyError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"{source}: not valid TOML: {error}") from error
    fields = _Fields(table, source, text)
    fields.refuse_unknown(_FIELDS)
    policy = Policy(
        threshold=fields.number("threshold", low=1 / POINT, high=MAX_WEIGHT * MAX_REPORTERS_STORED),
        min_reporters=int(fields.number("min_reporters", low=1, high=MAX_REPORTERS_STORED, whole=True)),
        window_seconds=round(fields.number("window_days", low=1 / 1440, high=3650) * SECONDS_PER_DAY),
        reasons=tuple(Reason(name, weight) for name, weight in fields.weights("reasons").items()),
        reporter_weights=fields.weights("reporters"),
    )
    _check_together(policy, fields)
    return policy


def _check_together(policy: Policy, fields: "_Fields") -> None:
    """Refuse what is right field by field and wrong as a whole."""
    for name in REQUIRED_CLASSES:
        if name not in policy.reporter_weights:
            raise fields.error("reporters", f"must give a weight for {name!r}")
    if not 1 <= len(policy.reasons) <= MAX_REASONS:
        raise fields.error("reasons", f"must name 1 to {MAX_REASONS} reasons")
    codes: dict[int, str] = {}
    for reason in policy.reasons:
        other = codes.setdefault(reason.code, reason.name)
        if other != reason.name:
            raise fields.error("reasons", f"{other!r} and {reason.name!r} share a code; rename one of them")
    heaviest = max(max(by_reason.values()) for by_reason in policy.weights.values())
    if heaviest > MAX_WEIGHT * POINT:
        raise fields.error("reporters", f"reporter weight x reason weight must not exceed {MAX_WEIGHT}")
    if heaviest * MAX_REPORTERS_STORED < policy.threshold * POINT:
        raise fields.error("threshold", f"cannot be reached by {MAX_REPORTERS_STORED} reporters; lower it")


class _Fields:
    """Typed access to a TOML table, with errors that name line and field."""

    def __init__(self, table: dict[str, Any], source: str, text: str) -> None:
        self._table = table
        self._source = source
        self._lines = text.splitlines()

    def error(self, field: str, problem: str) -> PolicyError:
        key = re.compile(rf"^\s*(\[\s*)?{re.escape(field.rsplit('.', 1)[-1])}\b")
        line = next((number for number, text in enumerate(self._lines, 1) if key.match(text)), None)
        place = f"{self._source}, line {line}" if line else self._source
        return PolicyError(f"{place}: {field}: {problem}")

    def refuse_unknown(self, known: set[str]) -> None:
        for name in self._table:
            if name not in known:
                raise self.error(name, f"is not a policy field; the fields are {', '.join(sorted(known))}")

    def number(self, field: str, *, low: float, high: float, whole: bool = False) -> float:
        if field not in self._table:
            raise self.error(field, "is missing; see the default policy for its meaning")
        return self._checked(field, self._table[field], low, high, whole=whole)

    def weights(self, field: str) -> dict[str, float]:
        table = self._table.get(field)
        if not isinstance(table, dict):
            raise self.error(field, f"must be a table, as in [{field}]")
        for name in table:
            if not _NAME.fullmatch(name):
                raise self.error(f"{field}.{name}", "must be lower case letters, digits and _, at most 31")
        return {
            name: self._checked(f"{field}.{name}", value, 0, MAX_WEIGHT, whole=False) for name, value in table.items()
        }

    def _checked(self, field: str, value: Any, low: float, high: float, *, whole: bool) -> float:
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
            raise self.error(field, f"must be a {'whole ' if whole else ''}number, not {value!r}")
        if not low <= value <= high:
            raise self.error(field, f"must be between {low:g} and {high:g}, not {value!r}")
        return float(value)
