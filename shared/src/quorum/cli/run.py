"""`quorum run`: everything on this machine, on an embedded Redis, under one supervisor (supervisord)."""

import fcntl
import os
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from quorum.cli import embedded_redis
from quorum.cli.embedded_redis import EmbeddedRedis
from quorum.cli.failures import plain_failures
from quorum.cli.ports import free_port, is_free
from quorum.cli.secrets_file import Secrets, read_or_make_secrets
from quorum.errors import SettingsError

DEFAULT_PORT = 8080
DEFAULT_DATA = ".run"

_SUPERVISOR = """\
[supervisord]
nodaemon=true
silent=true
pidfile={data}/supervisord.pid
logfile={data}/supervisord.log
logfile_maxbytes=1MB
logfile_backups=1
childlogdir={data}

[unix_http_server]
file={socket}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""

_PROGRAM = """
[program:{name}]
command={command}
priority={priority}
autostart=true
autorestart={restart}
startsecs={startsecs}
startretries=20
stopsignal=TERM
stopwaitsecs=20
stopasgroup=false
killasgroup=true
redirect_stderr=true
stdout_logfile={log}
stdout_logfile_maxbytes=0
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where one trial quorum lives."""

    data: Path
    port: int
    stream_port: int
    redis: EmbeddedRedis
    secrets: Secrets

    @property
    def url(self) -> str:
        """Where the API answers."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def stream_url(self) -> str:
        """Where the event stream answers."""
        return f"http://127.0.0.1:{self.stream_port}/v1/events/stream"

    def environment(self) -> dict[str, str]:
        """Return the settings of the services."""
        return {
            "QUORUM_REDIS_URL": self.redis.url,
            "QUORUM_PEPPER": self.secrets.pepper,
            "QUORUM_SITE_KEY": self.secrets.site_key,
            "QUORUM_TOKEN_SECRET": self.secrets.token_secret,
            "QUORUM_READ_ACCESS": "open",  # the API listens on loopback only
            "QUORUM_DEMO": "1",
            "QUORUM_LOG_FORMAT": "text",
            "QUORUM_WEBHOOK_NETWORKS": "127.0.0.0/8,::1/128",  # so that a receiver on this machine can be tried
        }

    def shell(self) -> str:
        """Return what shells and scripts may source."""
        return (
            f"export QUORUM_URL={self.url}\n"
            f"export QUORUM_SITE_KEY={self.secrets.site_key}\n"
            f"export QUORUM_REDIS_URL={self.redis.url}\n"
            f"export QUORUM_PEPPER={self.secrets.pepper}\n"
            f"export QUORUM_STREAM_URL={self.stream_url}\n"
        )


@click.command()
def run() -> None:
    """Start everything here: an embedded Redis, API, stream and workers, supervised; Ctrl-C stops it with nothing lost.

    QUORUM_PORT chooses the port (default 8080, or a free one when that is taken) and QUORUM_DATA the data directory
    (default .run), so that two can run side by side. The data survives a restart. .run/env can be sourced by a shell.
    """
    with plain_failures():
        data = Path(os.environ.get("QUORUM_DATA", DEFAULT_DATA)).resolve()
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        _lock(data)
        secrets = read_or_make_secrets(data / "secrets.json")
        plan = Plan(data, _choose_port(), free_port(), embedded_redis.prepare(data, secrets.redis_password), secrets)
    click.echo(f"quorum starts in {data}: Redis {plan.redis.version}, API, workers ...")
    sys.stdout.flush()
    config = _write_configuration(plan)
    os.environ.update(plan.environment())
    os.execv(sys.executable, [sys.executable, "-m", "supervisor.supervisord", "-c", str(config)])  # noqa: S606


def _lock(data: Path) -> None:
    """Hold the data directory for as long as this process, and the supervisor that it becomes, lives."""
    handle = os.open(data / "lock", os.O_CREAT | os.O_RDWR, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise SettingsError(
            f"another quorum runs in {data}; stop it, or choose another directory with QUORUM_DATA"
        ) from error
    os.set_inheritable(handle, True)


def _choose_port() -> int:
    wanted = os.environ.get("QUORUM_PORT")
    if wanted is None:
        return DEFAULT_PORT if is_free(DEFAULT_PORT) else free_port()
    if not wanted.isdigit() or not 1 <= int(wanted) <= 65535:  # noqa: PLR2004 - TCP
        raise SettingsError(f"QUORUM_PORT must be a port number, not {wanted!r}")
    if not is_free(int(wanted)):
        raise SettingsError(f"port {wanted} is taken; choose another with QUORUM_PORT, or leave it out for a free one")
    return int(wanted)


def _write_configuration(plan: Plan) -> Path:
    command = f"{sys.executable} -m quorum.cli.main"
    sections = [_SUPERVISOR.format(data=_escape(plan.data), socket=_escape(plan.data / "supervisor.sock"))]
    programs = (
        ("redis", 10, plan.redis.command, str(plan.data / "redis.log"), "true", 1),
        ("api", 20, f"{command} api --port {plan.port}", "/dev/stdout", "true", 1),
        ("stream", 20, f"{command} stream --port {plan.stream_port}", "/dev/stdout", "true", 1),
        ("worker", 20, f"{command} worker", "/dev/stdout", "true", 1),
        ("greeting", 30, f"{sys.executable} -m quorum.cli.greeting", "/dev/stdout", "false", 0),
    )
    for name, priority, line, log, restart, startsecs in programs:
        sections.append(
            _PROGRAM.format(
                name=name,
                priority=priority,
                command=_escape(line),
                log=_escape(log),
                restart=restart,
                startsecs=startsecs,
            )
        )
    (plan.data / "env.new").write_text(plan.shell())
    os.environ["QUORUM_RUN_DATA"] = str(plan.data)
    os.environ["QUORUM_URL"] = plan.url
    os.environ["QUORUM_STREAM_URL"] = plan.stream_url
    config = plan.data / "supervisord.conf"
    config.write_text("".join(sections))
    return config


def _escape(value: object) -> str:
    """Return text that supervisord does not expand."""
    return str(value).replace("%", "%%")
