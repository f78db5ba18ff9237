"""The secrets of a trial quorum: made once, kept in its data directory, readable by its owner only."""

import json
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from quorum.errors import SettingsError
from quorum.whole_files import write_whole


@dataclass(frozen=True, slots=True)
class Secrets:
    """Each 256 random bits."""

    pepper: str
    site_key: str
    token_secret: str
    redis_password: str


def read_or_make_secrets(path: Path, *, new: bool) -> Secrets:
    """Return the secrets in `path`, making them where there are none. Raises SettingsError when they cannot be read.

    A broken file is replaced only where the trial is `new`: with another pepper, data has other reporters.
    """
    try:
        return Secrets(**json.loads(path.read_bytes()))
    except FileNotFoundError:
        pass
    except (ValueError, TypeError) as error:
        if not new:
            raise SettingsError(
                f"{path} is damaged; bring it back from a copy, or delete it: then every reporter counts as a new one"
            ) from error
    made = Secrets(
        pepper=secrets.token_hex(32),
        site_key=f"qk_{secrets.token_hex(4)}.{secrets.token_urlsafe(32)}",
        token_secret=secrets.token_hex(32),
        redis_password=secrets.token_hex(32),
    )
    write_whole(path, json.dumps(asdict(made)))
    return made
