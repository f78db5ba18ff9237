"""Which settings a trial quorum has: those that the environment states, its own where it states none."""

from collections.abc import Mapping
from pathlib import Path

from quorum.cli.trial.secrets_file import Secrets
from quorum.cli.trial.shells import DEFAULT_DATA, ENV, sourced
from quorum.errors import SettingsError
from quorum.settings.declaring import PREFIX
from quorum.settings.others import NAMES_OF_OTHERS

_ACCOUNT = ("USERNAME", "PASSWORD", "PASSWORD_FILE")


def given(environ: Mapping[str, str], data: Path, secrets: Secrets) -> dict[str, str]:
    """Return the settings that the environment states as a wish. Raises SettingsError for one that cannot be meant.

    No wish is what came with an `env` file: the address of our own Redis, and anything of another trial.
    """
    stated = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value.strip()}
    usual = Path(DEFAULT_DATA) / ENV
    if "QUORUM_URL" in stated and usual.parent.resolve() != data.resolve():
        told = sourced(usual)
        stated = {name: value for name, value in stated.items() if told.get(name) != value}
    if secrets.redis_password in stated.get("QUORUM_REDIS_URL", ""):
        del stated["QUORUM_REDIS_URL"]
    for server in ("REDIS", "BROKER"):
        _refuse_half_an_address(stated, server)
    return {name: value for name, value in stated.items() if name not in NAMES_OF_OTHERS}


def own_redis(stated: Mapping[str, str]) -> bool:
    """Tell whether no Redis is named, so that a trial starts its own."""
    return not {"QUORUM_REDIS_URL", "QUORUM_REDIS_URL_FILE"} & stated.keys()


def own(data: Path, secrets: Secrets, redis_url: str) -> dict[str, str]:
    """Return what a trial sets where nothing is given; `redis_url` is empty when it has no Redis of its own."""
    return {
        "QUORUM_PEPPER": secrets.pepper,
        "QUORUM_SITE_KEY": secrets.site_key,
        "QUORUM_TOKEN_SECRET": secrets.token_secret,
        "QUORUM_ANONYMOUS": "on",  # so that every way to report can be tried
        "QUORUM_CORS_ORIGINS": "http://127.0.0.1:8000,http://localhost:8000",  # a page of one's own can be tried there
        "QUORUM_READ_ACCESS": "open",  # the API listens on loopback only
        "QUORUM_DEMO": "1",
        "QUORUM_ERASURES": str(data / "erasures"),
        "QUORUM_LOG_FORMAT": "text",
        "QUORUM_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",  # so that a receiver on this machine can be tried
        **({"QUORUM_REDIS_URL": redis_url} if redis_url else {}),
    }


def added(stated: Mapping[str, str], defaults: Mapping[str, str]) -> dict[str, str]:
    """Return which of the defaults hold beside what was given, by itself or in a file."""
    return {name: value for name, value in defaults.items() if not {name, f"{name}_FILE"} & stated.keys()}


def _refuse_half_an_address(stated: Mapping[str, str], server: str) -> None:
    url = f"{PREFIX}{server}_URL"
    halves = [name for part in _ACCOUNT if (name := f"{PREFIX}{server}_{part}") in stated]
    if halves and not {url, f"{url}_FILE"} & stated.keys():
        raise SettingsError(
            f"{halves[0]} is given and {url} is not: a trial has a Redis and a password of its own; "
            "give both, or take it away"
        )
