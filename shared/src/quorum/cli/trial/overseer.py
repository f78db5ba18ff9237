"""Runs the parts of a trial quorum under supervisord, within this process, until it is told to stop or one fails.

Every part ends with this process, however it dies: Redis as it does when it is asked to, the others at once.
"""

import os
import shlex
import signal
import sys
from collections import Counter
from contextlib import suppress
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import click
from supervisor import events
from supervisor.medusa.asyncore_25 import ExitNow
from supervisor.options import ServerOptions
from supervisor.poller import Poller
from supervisor.states import SupervisorStates
from supervisor.supervisord import Supervisor

from quorum.cli.trial.embedded_redis import why_it_ended
from quorum.cli.trial.locks import take, wait_for
from quorum.cli.trial.plan import DATA_LOCK, Trial
from quorum.host.lifeline import end_with_parent
from quorum.settings.declaring import PREFIX

FIRST_TRIES = 3  # of each part, before it has greeted; later supervisord's startretries
LOCK_SECONDS = 5.0
POLL_SECONDS = 0.1  # a signal does not end supervisord's wait of a second


def oversee(trial: Trial) -> int:
    """Run the parts of a trial to the end; return the exit status of `quorum run`. Changes the working directory."""
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        del os.environ[name]
    os.environ.update(trial.environment | _placeholders(trial))
    os.chdir(trial.data)
    with as_file(files("quorum.cli.trial").joinpath("overseer.conf")) as config:
        options = _Options()
        options.realize(["-c", str(config)], doc="", progname="quorum run")
    options.first, options.test = True, False
    overseer = _Overseer(options, trial.data)
    try:
        overseer.main()
    except ExitNow:
        options.close_logger()
    if not overseer.failed:
        _say(f"quorum has stopped; the data stays in {trial.data}")
    return 1 if overseer.failed else 0


def _say(words: str) -> None:
    with suppress(OSError):  # the terminal may be closed
        click.echo(words)


def _placeholders(trial: Trial) -> dict[str, str]:
    """Return what overseer.conf puts into its commands."""
    return {
        "TRIAL_PYTHON": shlex.quote(sys.executable),
        "TRIAL_HOME": str(Path.cwd()),
        "TRIAL_DATA": str(trial.data),
        "TRIAL_PORT": str(trial.port),
        "TRIAL_STREAM_PORT": str(trial.stream_port),
        "TRIAL_INNER": trial.stream_inner,
        "TRIAL_INNER_PORT": trial.stream_inner.rpartition(":")[2],
        "TRIAL_CONSOLE_PORT": str(trial.console_port),
        "TRIAL_METRICS_PORT": str(trial.metrics_port),
        "TRIAL_REDIS": shlex.quote(str(trial.redis.server.binary)) if trial.redis else "none",
        "TRIAL_EMBEDDED": "true" if trial.redis else "false",
    }


class _OftenPoller(Poller):  # type: ignore[misc] # supervisor has no types
    def poll(self, timeout: float) -> Any:
        return super().poll(min(timeout, POLL_SECONDS))


class _Options(ServerOptions):  # type: ignore[misc] # supervisor has no types
    """supervisord's dealings with the system, but for a few."""

    def __init__(self) -> None:
        super().__init__()
        self.poller = _OftenPoller(self)
        self._pid = os.getpid()
        self._hangup_ignored = signal.getsignal(signal.SIGHUP) is signal.SIG_IGN  # nohup

    def setsignals(self) -> None:
        super().setsignals()
        if self._hangup_ignored:
            signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def get_signal(self) -> int | None:
        """Take a closed terminal for a request to stop; supervisord would start all anew."""
        got: int | None = super().get_signal()
        return signal.SIGTERM if got == signal.SIGHUP else got

    def write_pidfile(self) -> None:
        """Write none: the lock says who runs."""

    def dup2(self, frm: int, to: int) -> None:
        """Leave output where this process has it, so that nothing need be copied."""
        if to == sys.stdin.fileno():
            super().dup2(frm, to)

    def execve(self, filename: str, argv: list[str], env: dict[str, str]) -> None:
        """Become a part, in the child: tied to this supervisor, and Redis holding the lock of what it writes."""
        if env["SUPERVISOR_PROCESS_NAME"] == "worker":
            _take_celerys_words_away()
        if env["SUPERVISOR_PROCESS_NAME"] != "redis":
            end_with_parent(self._pid)
        else:
            end_with_parent(self._pid, signal.SIGTERM)
            _hold_data_lock()
        super().execve(filename, argv, env)


def _take_celerys_words_away() -> None:
    """Leave a worker its log, which is standard error, alone: Celery says at its end what reads like a fault."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _hold_data_lock() -> None:
    held: list[int] = []

    def took() -> bool:
        held.extend(filter(None, (take(Path(DATA_LOCK).relative_to("redis")),)))
        return bool(held)

    if not wait_for(took, LOCK_SECONDS):
        raise OSError("another process writes the data")
    os.set_inheritable(held[0], True)


class _Overseer(Supervisor):  # type: ignore[misc] # supervisor has no types
    """supervisord that says what ends, and gives up in words."""

    def __init__(self, options: _Options, data: Path) -> None:
        super().__init__(options)
        self.failed = False
        self._data = data
        self._greeted = False
        self._ends = Counter[str]()

    def handle_signal(self) -> None:
        """Say that it stops, once: what a person sees first after Ctrl-C."""
        running = self.options.mood
        super().handle_signal()
        if running > self.options.mood == SupervisorStates.SHUTDOWN:
            _say("\nquorum stops ..." if sys.stdout.isatty() else "quorum stops ...")

    def runforever(self) -> None:
        events.subscribe(events.ProcessStateExitedEvent, self._ended)
        events.subscribe(events.ProcessStateBackoffEvent, self._count)
        events.subscribe(events.ProcessStateFatalEvent, self._given_up)
        super().runforever()

    def _ended(self, event: Any) -> None:
        name = event.process.config.name
        if name == "greeting":
            self._greeted = event.expected
            self._stop_failed(not event.expected)
        else:
            click.echo(f"{name} has ended unasked, and is started again", err=True)
            self._count(event)

    def _count(self, event: Any) -> None:
        self._ends[event.process.config.name] += 1
        if not self._greeted and self._ends[event.process.config.name] >= FIRST_TRIES:
            self._given_up(event)

    def _given_up(self, event: Any) -> None:
        if not self.failed:
            name = event.process.config.name
            why = why_it_ended(self._data) if name == "redis" else "see what it wrote above"
            click.echo(f"Error: {name} does not start, and so quorum stops: {why}", err=True)
        self._stop_failed(True)

    def _stop_failed(self, failed: bool) -> None:  # noqa: FBT001
        if failed:
            self.failed = True
            self.options.mood = SupervisorStates.SHUTDOWN
