"""`quorum doctor`: what is wrong with a configuration or a connection, in plain words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import click

from quorum.errors import CommandDenied, DataMissing, QuorumError, SchemaMismatch, SettingsError
from quorum.events.event import timestamp
from quorum.events.pause import Pause
from quorum.moderation.shields import FOR_EVER_MS, Shields
from quorum.policy import load_policy
from quorum.reporters.pepper import check_pepper
from quorum.reporters.token_keys import read_token_keys
from quorum.settings import Settings, read_settings
from quorum.start.permissions import API, WORKER, missing
from quorum.store.connection import connect
from quorum.store.layout import check_layout
from quorum.store.server_checks import server_findings
from quorum.telemetry.health import Health
from quorum.webhooks.deliveries import Webhooks

TIMEOUT_SECONDS = 2.0
STALE_SWEEP_SECONDS = 30
OLD_INBOX_SECONDS = 30
CLOCK_SECONDS = 2


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
    if find_spec("report_api") is None:
        return  # a worker's container has no secrets of the API
    if not settings.pepper:
        yield Finding("fail", "QUORUM_PEPPER is missing: reporters cannot be told apart safely; the API will not start")
    if not settings.site_key:
        yield Finding("warn", "QUORUM_SITE_KEY is missing: no site backend can name its readers")
    try:
        if not read_token_keys(settings.token_secret, settings.token_keys_path):
            yield Finding("warn", "QUORUM_TOKEN_SECRET is missing: reporter tokens are refused")
    except QuorumError as error:
        yield Finding("fail", str(error))
    if settings.takes_anonymous and (settings.token_secret or settings.token_keys_path):
        problem = "QUORUM_ANONYMOUS is on beside reporter tokens: a person with a token and two addresses counts thrice"
        yield Finding("warn", problem)
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
    client = connect(settings.store, TIMEOUT_SECONDS)
    health = Health(client, settings.namespace, settings.partitions)
    steps: list[Callable[[], Iterator[Finding]]] = [
        lambda: _permissions(client, settings),
        lambda: _server(client, settings),
        lambda: _layout(client, settings),
        lambda: _pepper(client, settings),
        lambda: _pipeline(health, settings),
        lambda: _moderation(client, health, settings),
        lambda: _consumers(client, settings),
        lambda: _clock(health),
    ]
    try:
        health.ping()
        for step in steps:
            yield from _permitted(step)
    except QuorumError as error:
        yield Finding("fail", f"Redis at QUORUM_REDIS_URL does not answer: {error}")


def _permitted(step: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """Yield what a step finds; where Redis denies it something, the other steps are still to come."""
    try:
        yield from step()
    except CommandDenied as error:
        yield Finding("warn", f"not all could be looked at here: Redis does not permit {error.command} to this user")


def _permissions(client: Any, settings: Settings) -> Iterator[Finding]:
    """Look what Redis denies to the services that are installed here: in a container, that is one."""
    for package, service in (("report_api", API), ("tally_worker", WORKER)):
        if find_spec(package) is None:
            continue
        lacking, untold = missing(client, settings.namespace, service)
        if lacking:
            told = f"Redis does not permit this user what the {service} needs: {', '.join(lacking)}"
            yield Finding("fail", f"{told}; see deploy/redis/users.acl")
        if untold:
            told = f"Redis does not permit {', '.join(untold)} to the {service}"
            yield Finding("warn", f"{told}: all works, and what these tell is not watched")


def _server(client: Any, settings: Settings) -> Iterator[Finding]:
    yield from (Finding(level, text) for level, text in server_findings(client))
    for name, endpoint in (("store", settings.store), ("broker", settings.broker), ("bus", settings.bus)):
        if endpoint and endpoint.tls and not endpoint.tls.verify:
            yield Finding("warn", f"the {name} is not verified (ssl_cert_reqs=none): whoever answers gets the password")


def _layout(client: Any, settings: Settings) -> Iterator[Finding]:
    try:
        check_layout(client, settings.namespace, settings.partitions, claim=False)
    except (DataMissing, SchemaMismatch) as error:
        yield Finding("fail", str(error))
        return
    if settings.in_cluster and settings.partitions == 1:
        yield Finding(
            "warn", "one partition lies on one server of the cluster: set QUORUM_PARTITIONS before there is data"
        )
    else:
        yield Finding("ok", f"data laid out for {settings.partitions} partition(s)")


def _pepper(client: Any, settings: Settings) -> Iterator[Finding]:
    if not settings.pepper:
        return
    try:
        marked = check_pepper(client, settings.namespace, settings.pepper, settings.pepper_previous, claim=False)
    except SettingsError as error:
        yield Finding("fail", str(error))
        return
    if not marked:
        yield Finding("warn", "no mark of the pepper is kept with the data yet: the next start of the API makes it")
    elif settings.pepper_previous:
        yield Finding(
            "warn", "the pepper is being replaced: drop QUORUM_PEPPER_PREVIOUS when the policy's window is over"
        )
    else:
        yield Finding("ok", "the pepper is the one that the reporters are known by")


def _moderation(client: Any, health: Health, settings: Settings) -> Iterator[Finding]:
    states = Shields(client, settings.namespace, settings.partitions).states()
    up = [one for one in states if one.up_until > health.now_ms()]
    if up:
        until = "they are lowered" if up[0].up_until >= FOR_EVER_MS else timestamp(up[0].up_until)
        yield Finding(
            "fail", f"the shields are up until {until}: automatic blocks need a higher bar; `quorum shields status`"
        )
    held = sum(health.partition(number).held_images for number in range(settings.partitions))
    if held:
        yield Finding("warn", f"{held} images wait for a moderator; see `quorum queue`")


def _consumers(client: Any, settings: Settings) -> Iterator[Finding]:
    paused = Pause(client, settings.namespace).why()
    if paused is not None:
        yield Finding(
            "fail", f"webhooks and bus are paused: {paused}; `quorum webhooks resume` when this is not a copy beside it"
        )
    totals = Webhooks(client, settings.namespace, settings.partitions).totals()
    if totals.failing or totals.disabled:
        yield Finding(
            "fail", f"webhooks: {totals.failing} fail and {totals.disabled} are disabled; see `quorum webhooks list`"
        )


def _clock(health: Health) -> Iterator[Finding]:
    offset = health.clock_offset_seconds()
    if abs(offset) > CLOCK_SECONDS:
        side = "ahead of" if offset > 0 else "behind"
        yield Finding("fail", f"the clock of this machine is {abs(offset):.0f} s {side} that of Redis")


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
        for key in state.wrong_keys:
            yield Finding("fail", f"the key {key} has a wrong type: somebody else wrote it; see docs/operations.md")
        if state.dead_letters:
            yield Finding("warn", f"partition {number}: {state.dead_letters} dead letters; see `quorum dead list`")
