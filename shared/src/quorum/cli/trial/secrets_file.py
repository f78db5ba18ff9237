"""The secrets of a trial quorum: made once, kept in its data directory, readable by its owner only."""

import json
import secrets
from dataclasses import asdict, dataclass, fields
from pathlib import Path

from quorum.errors import SettingsError
from quorum.host.files import write_whole


@dataclass(frozen=True, slots=True)
class Secrets:
    """Each 256 random bits."""

    pepper: str
    site_key: str
    token_secret: str
    redis_password: str


def read_or_make_secrets(path: Path) -> Secrets:
    """Return the secrets in `path`, making them first where there are none. Raises SettingsError, UnwritableFile."""
    if path.exists():
        return _read(path)
    made = Secrets(
        pepper=secrets.token_hex(32),
        site_key=f"qk_{secrets.token_hex(4)}.{secrets.token_urlsafe(32)}",
        token_secret=secrets.token_hex(32),
        redis_password=secrets.token_hex(32),
    )
    write_whole(path, json.dumps(asdict(made)).encode())
    return made


def _read(path: Path) -> Secrets:
    try:
        kept = json.loads(path.read_bytes())
        values = {field.name: kept[field.name] for field in fields(Secrets)}
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read: {error.strerror}; it belongs to whoever started it first"
        ) from error
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise _broken(path) from error
    if not all(isinstance(value, str) and value for value in values.values()):
        raise _broken(path)
    return Secrets(**values)


def _broken(path: Path) -> SettingsError:
    return SettingsError(
        f"{path} is empty or damaged, and the secrets in it are lost: put a copy of it back; if nothing is kept in "
        f"{path.parent} yet, remove the file, and new secrets are made"
    )
