"""The policy file of a running process: an edit takes effect within seconds, a bad edit changes nothing."""

import logging
import time
from pathlib import Path
from threading import Lock

from quorum.errors import PolicyError
from quorum.policy.load import default_policy, parse_policy, policy_text
from quorum.policy.model import Policy

CHECK_SECONDS = 1.0

log = logging.getLogger(__name__)

Stamp = tuple[int, int, int]


class PolicyFile:
    """Gives the policy that the file states now, and keeps the last good one while the file is bad or gone."""

    def __init__(self, path: Path | None, check_seconds: float = CHECK_SECONDS) -> None:
        self._path = path
        self._stamp = _stamp(path)
        self.text = policy_text(path)  # of the policy that is in force, not of a file that is bad
        self._policy = self._read(self.text)
        self._check_seconds = check_seconds
        self._next_check = time.monotonic() + check_seconds
        self._lock = Lock()
        self.problem: str | None = None  # what is wrong with the file now

    @property
    def current(self) -> Policy:
        """The policy to go by; looks at the file once a second at most."""
        if self._path is not None and time.monotonic() >= self._next_check and self._lock.acquire(blocking=False):
            try:
                self._check()
            finally:
                self._next_check = time.monotonic() + self._check_seconds
                self._lock.release()
        return self._policy

    def _check(self) -> None:
        stamp = _stamp(self._path)
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            text = policy_text(self._path)
            policy = self._read(text)
        except PolicyError as error:
            self.problem = str(error)
            log.error("policy stays at %s: its file is bad, `quorum policy check` says where", self._policy.version)  # noqa: TRY400 - the error may name people
            return
        self.problem = None
        if policy.version != self._policy.version:
            log.warning("policy is now %s, was %s", policy.version, self._policy.version)
        self.text, self._policy = text, policy

    def _read(self, text: str) -> Policy:
        return parse_policy(text, str(self._path)) if self._path else default_policy()


def _stamp(path: Path | None) -> Stamp | None:
    """Return what changes whenever the file does; None when there is none to look at."""
    if path is None:
        return None
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
