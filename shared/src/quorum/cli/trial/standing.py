"""What of a trial quorum runs now, and how to end it."""

import os
import signal
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil

from quorum.cli.trial import locks
from quorum.cli.trial.plan import DATA_LOCK, RUN_LOCK, State, read_state, writer
from quorum.errors import SettingsError
from quorum.host.loopback import answers

SERVICES = ("api", "stream", "console", "worker")
STOP_SECONDS = 45.0  # redis may take 20, the services a few before that


@dataclass(frozen=True, slots=True)
class Standing:
    """What was found. `pids` holds a process id for each part that runs."""

    data: Path
    supervisor: int | None
    redis: int | None
    state: State | None = None
    pids: dict[str, int] = field(default_factory=dict)
    ready: bool = False

    @property
    def exit_status(self) -> int:
        """Return 0: all runs; 1: some of it; 3: nothing."""
        if self.supervisor is None:
            return 3 if self.redis is None else 1
        return 0 if self.ready and all(name in self.pids for name in SERVICES) else 1


def standing(data: Path) -> Standing:
    """Look at what runs in a data directory."""
    redis = locks.holder(data / DATA_LOCK) or writer(data)
    supervisor = locks.holder(data / RUN_LOCK)
    if supervisor is None:
        if locks.is_held(data / RUN_LOCK):
            raise SettingsError(f"a quorum runs in {data}, started by another user")
        return Standing(data, None, redis.pid if redis else None)
    state = read_state(data)
    pids = {}
    for child in supervisor.children():
        with suppress(psutil.Error):
            pids[child.environ().get("SUPERVISOR_PROCESS_NAME", "")] = child.pid
    return Standing(
        data, supervisor.pid, redis.pid if redis else None, state, pids, answers(f"{state.url}/readyz", b'"ready"')
    )


def tell(found: Standing) -> str:
    """Say in words what was found."""
    if found.state is None:
        orphan = f"; Redis (process {found.redis}) still writes there" if found.redis else ""
        return f"no quorum runs in {found.data}{orphan}"
    since = datetime.fromisoformat(found.state.started).astimezone().strftime("%Y-%m-%d %H:%M:%S %Z")
    places = {
        "api": found.state.url,
        "stream": found.state.stream_url,
        "console": found.state.console_url,
        "worker": found.state.metrics_url,
        "redis": found.state.redis,
    }
    pids = {**found.pids, "redis": found.redis}
    if not found.state.redis:
        del places["redis"]
    lines = [f"quorum runs in {found.data} since {since} (process {found.supervisor})"]
    for name, place in places.items():
        who = f"process {pids[name]}" if pids.get(name) else "does not run"
        lines.append(f"  {name:<7} {who:<15} {place}".rstrip())
    lines.append("ready: reports are taken" if found.ready else "not ready: reports are not taken")
    return "\n".join(lines)


def end(data: Path) -> str:
    """Stop what runs in a data directory, wait, and return what to say. Raises SettingsError when it does not end."""
    targets = [locks.holder(data / RUN_LOCK) or locks.holder(data / DATA_LOCK) or writer(data)]
    found = [process for process in targets if process]
    if not found:
        if locks.is_held(data / RUN_LOCK):
            raise SettingsError(f"a quorum runs in {data}, started by another user; stop it as that user")
        return f"nothing to stop: no quorum runs in {data}"
    for process in found:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)
    if not locks.wait_for(lambda: not _lives(data), STOP_SECONDS):
        raise SettingsError(f"it does not end: process {found[0].pid} was told to {STOP_SECONDS:.0f} s ago")
    return f"stopped: the data stays in {data}"


def _lives(data: Path) -> bool:
    return locks.is_held(data / RUN_LOCK) or locks.is_held(data / DATA_LOCK) or writer(data) is not None
