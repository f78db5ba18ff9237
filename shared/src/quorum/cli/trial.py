"""A trial quorum: its directory and who holds it, its ports, secrets and server, and the settings of its services."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from shlex import quote

import psutil

from quorum.cli import locks
from quorum.cli.embedded_redis import EmbeddedRedis, prepare
from quorum.cli.ports import free_port, is_free, wanted_port
from quorum.cli.secrets_file import Secrets, read_or_make_secrets
from quorum.errors import SettingsError
from quorum.files import private_directory, write_whole
from quorum.policy import load_policy
from quorum.settings import Settings, read_settings
from quorum.settings.declared import NAMES_OF_OTHERS
from quorum.settings.declaring import PREFIX

DEFAULT_PORT = 8080
DEFAULT_DATA = ".run"
RUN_LOCK = "lock"  # held by `quorum run`
DATA_LOCK = "redis/lock"  # held by the server that writes the data, and by nobody else
STATE = "running.json"
PREDECESSOR_SECONDS = 20  # for a Redis whose supervisor died, to write what it has


@dataclass(frozen=True, slots=True)
class State:
    """What others need to know of a trial that runs."""

    url: str
    stream_url: str
    redis: str  # its address, or "" when another Redis was named
    taken: tuple[str, ...]  # settings that were given
    open: bool  # reading needs no key
    demo: bool
    started: str


@dataclass(frozen=True, slots=True)
class Trial:
    """All that is decided before anything starts."""

    data: Path
    port: int
    stream_port: int
    redis: EmbeddedRedis | None
    environment: dict[str, str]  # what the services get beside what was given


def data_directory(environ: Mapping[str, str]) -> Path:
    """Return the directory that QUORUM_DATA names."""
    return Path(os.path.abspath(environ.get("QUORUM_DATA") or DEFAULT_DATA))  # noqa: PTH100 - links stay as they are


def claim(data: Path) -> int:
    """Make the directory and hold it until this process ends, once nobody writes in it. Raises SettingsError."""
    private_directory(data)
    held = locks.take(data / RUN_LOCK)
    if held is None:
        raise SettingsError(
            f"another quorum runs in {data}{_named(locks.holder(data / RUN_LOCK))}; "
            "stop it (quorum stop), or choose another directory with QUORUM_DATA"
        )
    if not locks.wait_for(lambda: writer(data) is None and not locks.is_held(data / DATA_LOCK), PREDECESSOR_SECONDS):
        found = writer(data) or locks.holder(data / DATA_LOCK)
        raise SettingsError(
            f"a Redis server{_named(found)} still writes the data in {data}, and its supervisor is gone; "
            f"end it ({f'kill {found.pid}' if found else 'quorum stop'}), or choose another directory with QUORUM_DATA"
        )
    return held


def writer(data: Path) -> psutil.Process | None:
    """Return a Redis server that works in the data directory, with the lock or, started by hand, without it."""
    place = os.path.realpath(data / "redis")
    for process in psutil.process_iter(["name", "cwd"]):
        if process.info["name"] in {"redis-server", "valkey-server"} and process.info["cwd"] == place:
            return process
    return None


def _named(process: psutil.Process | None) -> str:
    return f" (process {process.pid})" if process else ""


def prepare_trial(data: Path, environ: Mapping[str, str]) -> Trial:
    """Choose ports and server, and check every setting that was given. Raises QuorumError and OSError."""
    secrets = read_or_make_secrets(data / "secrets.json")
    given = _given(environ, secrets)
    own_redis = not {"QUORUM_REDIS_URL", "QUORUM_REDIS_URL_FILE"} & given.keys()
    redis = prepare(data, secrets.redis_password) if own_redis else None
    added = {
        name: value
        for name, value in _defaults(data, secrets, redis).items()
        if name not in given and f"{name}_FILE" not in given
    }
    settings = read_settings({**given, **added})
    load_policy(settings.policy_path)
    trial = Trial(data, _choose_port(environ), free_port(), redis, added)
    _write_state(
        trial, settings, sorted(name for name in given if given[name] != _defaults(data, secrets, redis).get(name))
    )
    return trial


def _given(environ: Mapping[str, str], secrets: Secrets) -> dict[str, str]:
    """Return the settings that the environment states; the address of our own Redis, sourced from `env`, is none."""
    given = {name: value for name, value in environ.items() if name.startswith(PREFIX) and value.strip()}
    if secrets.redis_password in given.get("QUORUM_REDIS_URL", ""):
        del given["QUORUM_REDIS_URL"]
    return {name: value for name, value in given.items() if name not in NAMES_OF_OTHERS}


def _defaults(data: Path, secrets: Secrets, redis: EmbeddedRedis | None) -> dict[str, str]:
    """Return what a trial sets where nothing is given."""
    return {
        "QUORUM_PEPPER": secrets.pepper,
        "QUORUM_SITE_KEY": secrets.site_key,
        "QUORUM_TOKEN_SECRET": secrets.token_secret,
        "QUORUM_READ_ACCESS": "open",  # the API listens on loopback only
        "QUORUM_DEMO": "1",
        "QUORUM_ERASURES": str(data / "erasures"),
        "QUORUM_LOG_FORMAT": "text",
        "QUORUM_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",  # so that a receiver on this machine can be tried
        **({"QUORUM_REDIS_URL": redis.url} if redis else {}),
    }


def _choose_port(environ: Mapping[str, str]) -> int:
    wanted = environ.get("QUORUM_PORT")
    if wanted:
        return wanted_port("QUORUM_PORT", wanted)
    return DEFAULT_PORT if is_free(DEFAULT_PORT) else free_port()


def _write_state(trial: Trial, settings: Settings, taken: list[str]) -> None:
    state = State(
        url=f"http://127.0.0.1:{trial.port}",
        stream_url=f"http://127.0.0.1:{trial.stream_port}/v1/events/stream",
        redis=f"127.0.0.1:{trial.redis.port}" if trial.redis else "",
        taken=tuple(taken),
        open=settings.read_access == "open",
        demo=settings.demo,
        started=datetime.now(UTC).isoformat(timespec="seconds"),
    )
    write_whole(trial.data / STATE, json.dumps(asdict(state)).encode())


def read_state(data: Path) -> State:
    """Return what `quorum run` wrote down. Raises SettingsError when it cannot be read."""
    try:
        values = json.loads((data / STATE).read_text(encoding="utf-8"))
        return State(**{**values, "taken": tuple(values["taken"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise SettingsError(f"{data / STATE} does not say what runs: restart quorum") from error


def shell(state: State, settings: Settings) -> str:
    """Return what shells and scripts may source."""
    values = {
        "QUORUM_URL": state.url,
        "QUORUM_SITE_KEY": settings.site_key,
        "QUORUM_REDIS_URL": settings.redis_url,
        "QUORUM_PEPPER": settings.pepper,
        "QUORUM_STREAM_URL": state.stream_url,
        "QUORUM_ERASURES": str(settings.erasures_path or ""),
    }
    direct = 'export NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"\nexport no_proxy="127.0.0.1${no_proxy:+,$no_proxy}"\n'
    return "".join(f"export {name}={quote(value)}\n" for name, value in values.items()) + direct
