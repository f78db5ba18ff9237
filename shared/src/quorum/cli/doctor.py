"""`quorum doctor`: what is wrong with a configuration or a connection, in plain words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import click

from quorum.errors import QuorumError
from quorum.policy import load_policy
from quorum.redis_store.connection import connect
from quorum.redis_store.health import Health
from quorum.redis_store.layout import check_layout
from quorum.redis_store.server_checks import server_findings
from quorum.settings import Settings, read_settings

TIMEOUT_SECONDS = 2.0
STALE_SWEEP_SECONDS = 30
OLD_INBOX_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: fine, worth a thought, or wrong."""

    level: str  # ok, warn, fail
    text: str


@click.command()
def doctor() -> None:
    """Check settings, policy, Redis and workers, and say what to mend. Exit status 1 when something is wrong."""
    wrong = False
    for finding in _examine():
        mark = {"ok": "ok    ", "warn": "note  ", "fail": "WRONG "}[finding.level]
        click.echo(mark + finding.text)
        wrong |= finding.level == "fail"
    if wrong:
        raise SystemExit(1)


def _examine() -> Iterator[Finding]:
    try:
        settings = read_settings()
    except QuorumError as error:
        yield Finding("fail", str(error))
        return
    yield from _settings(settings)
    yield from _policy(settings)
    yield from _redis(settings)


def _settings(settings: Settings) -> Iterator[Finding]:
    if not settings.pepper:
        yield Finding("fail", "QUORUM_PEPPER is missing: reporters cannot be told apart safely; the API will not start")
    if not settings.site_key:
        yield Finding("warn", "QUORUM_SITE_KEY is missing: no site backend can name its readers")
    if not settings.token_secret:
        yield Finding("warn", "QUORUM_TOKEN_SECRET is missing: reporter tokens are refused")
    if settings.read_access == "open":
        yield Finding("warn", "QUORUM_READ_ACCESS is open: anybody who reaches the API can read states and events")


def _policy(settings: Settings) -> Iterator[Finding]:
    try:
        policy = load_policy(settings.policy_path)
    except QuorumError as error:
        yield Finding("fail", str(error))
        return
    yield Finding(
        "ok", f"policy {policy.version}: threshold {policy.threshold:g}, {policy.min_reporters} reporters or more"
    )


def _redis(settings: Settings) -> Iterator[Finding]:
    client = connect(settings.redis_url, TIMEOUT_SECONDS)
    health = Health(client, settings.namespace, settings.partitions)
    steps: list[Callable[[], Iterator[Finding]]] = [
        lambda: (Finding(level, text) for level, text in server_findings(client)),
        lambda: _layout(client, settings),
        lambda: _pipeline(health, settings),
    ]
    try:
        health.ping()
        for step in steps:
            yield from step()
    except QuorumError as error:
        yield Finding("fail", f"Redis at QUORUM_REDIS_URL does not answer: {error}")


def _layout(client: object, settings: Settings) -> Iterator[Finding]:
    check_layout(client, settings.namespace, settings.partitions)  # type: ignore[arg-type]
    if settings.in_cluster and settings.partitions == 1:
        yield Finding(
            "warn", "one partition lies on one server of the cluster: set QUORUM_PARTITIONS before there is data"
        )
    else:
        yield Finding("ok", f"data laid out for {settings.partitions} partition(s)")


def _pipeline(health: Health, settings: Settings) -> Iterator[Finding]:
    age = health.last_sweep_seconds()
    if age is None:
        yield Finding("fail", "no worker has ever swept this Redis: start one with `quorum worker`")
    elif age > STALE_SWEEP_SECONDS:
        yield Finding("fail", f"no worker has swept for {age:.0f} s: are the workers running, and do they reach Redis?")
    else:
        yield Finding("ok", f"a worker swept {age:.1f} s ago")
    for number in range(settings.partitions):
        state = health.partition(number)
        level = "fail" if state.inbox_age_seconds > OLD_INBOX_SECONDS else "ok"
        yield Finding(
            level,
            f"partition {number}: {state.inbox_depth} reports wait, the oldest for {state.inbox_age_seconds:.1f} s",
        )
        if state.dead_letters:
            yield Finding("warn", f"partition {number}: {state.dead_letters} dead letters; see `quorum dead list`")
