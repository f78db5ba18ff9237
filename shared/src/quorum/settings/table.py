"""The page docs/settings.md."""

from quorum.settings.declared import SETTINGS
from quorum.settings.declaring import ALL, Declared
from quorum.settings.kinds import MIN_SECRET_CHARACTERS
from quorum.settings.others import NAMES_OF_OTHERS

_INTRODUCTION = f"""\
# Settings

Made by `make generate` from `shared/src/quorum/settings/declared.py`.

Environment variables, read once at start. A service that finds a bad one says all that is wrong with its variables and
does not start; `quorum doctor` says the same.

- An empty variable counts as not given. Spaces, line breaks and a byte order mark around a value do not matter; quotes
  around it are refused, for shells take them away and most files of variables do not.
- Where marked ◆, the value may stand in a file instead, named by `NAME_FILE`:
  `QUORUM_PEPPER_FILE=/run/secrets/pepper`.
- A secret has {MIN_SECRET_CHARACTERS} characters or more. No message shows one.
- True and false may be written as `true`, `1`, `yes`, `on` and `false`, `0`, `no`, `off`; numbers in plain digits.
- A name that begins with `QUORUM_` and is not on this page is refused, with the name that was meant perhaps. What
  Kubernetes makes of a service's name (`QUORUM_REDIS_SERVICE_HOST`, `QUORUM_REDIS_PORT=tcp://...`) is left alone.

| variable | default | unit | read by | meaning |
|---|---|---|---|---|
"""
_OPENTELEMETRY = (
    "| `OTEL_EXPORTER_OTLP_ENDPOINT` | none | | API, worker | where spans go (OTLP over HTTP); none are made without "
    "it; OpenTelemetry's other variables apply |\n"
)


def table() -> str:
    """Return the page."""
    others = "".join(f"| `{name}` | {meaning} |\n" for name, meaning in NAMES_OF_OTHERS.items())
    return (
        _INTRODUCTION
        + "".join(map(_row, SETTINGS))
        + _OPENTELEMETRY
        + "\nNames that services leave alone, for others read them:\n\n| variable | read by |\n|---|---|\n"
        + others
    )


def _row(one: Declared) -> str:
    mark = " ◆" if one.kind.secret else ""
    unit = f" {one.kind.unit} " if one.kind.unit else " "
    readers = "all" if len(one.readers) == len(ALL) else ", ".join(one.readers)
    return f"| `{one.name}`{mark} | {one.default_text} |{unit}| {readers} | {one.meaning} |\n"
