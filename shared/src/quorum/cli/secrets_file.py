"""The secrets of a trial quorum: made once, kept in its data directory, readable by its owner only."""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Secrets:
    """Each 256 random bits."""

    pepper: str
    site_key: str
    token_secret: str
    redis_password: str


def read_or_make_secrets(path: Path) -> Secrets:
    """Return the secrets in `path`, making them first where there are none."""
    if path.exists():
        return Secrets(**json.loads(path.read_text()))
    made = Secrets(
        pepper=secrets.token_hex(32),
        site_key=f"qk_{secrets.token_hex(4)}.{secrets.token_urlsafe(32)}",
        token_secret=secrets.token_hex(32),
        redis_password=secrets.token_hex(32),
    )
    handle = os.open(path, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        json.dump(asdict(made), file)
    return made
