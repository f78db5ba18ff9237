"""How a setting is declared: a field of a dataclass, with what the environment, the page and the tests want to know."""

from dataclasses import dataclass, field, fields
from typing import Any

from quorum.settings.kinds import Kind

PREFIX = "QUORUM_"
API, CONSOLE, STREAM, WORKER, COMMANDS = "API", "console", "stream", "worker", "commands"
ALL = (API, CONSOLE, STREAM, WORKER, COMMANDS)


@dataclass(frozen=True, slots=True)
class Declared:
    """One setting. `readers` use its value; `default_text` is how the table tells the default."""

    name: str  # of the environment variable
    attribute: str  # of Settings
    kind: Kind
    default: Any
    readers: tuple[str, ...]
    meaning: str
    default_text: str


def setting(
    kind: Kind, default: Any, readers: tuple[str, ...], meaning: str, *, default_text: str = "", name: str = ""
) -> Any:
    """Declare a setting; its variable is QUORUM_ and the name of the field, unless `name` says another."""
    told = default_text or ("none" if default in ("", (), None) else f"`{str(default).lower()}`")
    declared = {"kind": kind, "readers": readers, "meaning": meaning, "default_text": told}
    declared |= {"name": name} if name else {}
    return field(default=default, repr=not kind.secret, metadata={"declared": declared})


def declared_in(settings: Any) -> tuple[Declared, ...]:
    """Return the settings that a dataclass declares."""
    return tuple(
        Declared(
            **{"name": PREFIX + one.name.upper(), **one.metadata["declared"]}, attribute=one.name, default=one.default
        )
        for one in fields(settings)
    )
