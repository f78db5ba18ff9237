"""What the page of operators calls wrong, and that all of it can be read and looked up."""

from dataclasses import replace
from typing import Any

import pytest
from conftest import ROOT

from console.operations.findings import findings
from console.operations.state import State
from console.words.findings import FINDINGS, Finding
from quorum.telemetry.health import ServerHealth
from quorum.telemetry.history import Vitals
from quorum.webhooks.deliveries import WebhookTotals

WELL = State(
    vitals=Vitals(0, 0, 0, 0, 0, inbox_depth=3, inbox_age_seconds=1, memory_bytes=100, event_delays=(0,)),
    server=ServerHealth(100, 1000, keys=1, clients=1, uptime_seconds=1000, evicted_keys=0, aof_ok=True),
    webhooks=WebhookTotals(active=2, failing=0, disabled=0, waiting=1, dead=5),
    last_sweep_seconds=1,
    bus_lag_seconds=None,
    clock_offset_seconds=0.1,
    dead_letters=0,
    blocked_images=1,
    held_images=1,
    inbox_depth=3,
    shields_up=False,
    policy_bad=False,
    data_missing=False,
    wrong_type=False,
)

WRONG: list[tuple[dict[str, Any], Finding]] = [
    ({"server": replace(WELL.server, evicted_keys=1)}, Finding("redis_evicts", urgent=True)),
    ({"server": replace(WELL.server, aof_ok=False)}, Finding("aof_error", urgent=True)),
    ({"server": replace(WELL.server, used_memory_bytes=980)}, Finding("redis_full", urgent=True)),
    ({"server": replace(WELL.server, used_memory_bytes=900)}, Finding("redis_nearly_full", urgent=False)),
    ({"server": replace(WELL.server, uptime_seconds=10)}, Finding("redis_young", urgent=False)),
    ({"server": replace(WELL.server, denied=("INFO",))}, Finding("redis_denies", urgent=False)),
    ({"last_sweep_seconds": None}, Finding("no_worker", urgent=True)),
    ({"last_sweep_seconds": 16.0}, Finding("no_worker", urgent=True)),
    ({"vitals": replace(WELL.vitals, inbox_age_seconds=31.0)}, Finding("blocks_late", urgent=True)),
    ({"shields_up": True}, Finding("shields_up", urgent=True)),
    ({"bus_lag_seconds": 61.0}, Finding("bus_behind", urgent=True)),
    ({"webhooks": replace(WELL.webhooks, failing=1)}, Finding("webhooks", urgent=False)),
    ({"webhooks": replace(WELL.webhooks, disabled=1)}, Finding("webhooks", urgent=False)),
    ({"webhooks": replace(WELL.webhooks, paused=True), "bus_lag_seconds": 61.0}, Finding("paused", urgent=True)),
    ({"dead_letters": 1}, Finding("dead_letters", urgent=False)),
    ({"data_missing": True}, Finding("data_missing", urgent=True)),
    ({"wrong_type": True}, Finding("wrong_type", urgent=True)),
    ({"policy_bad": True}, Finding("policy_bad", urgent=False)),
    ({"clock_offset_seconds": -2.5}, Finding("clock_skew", urgent=False)),
]


def test_nothing_is_wrong_when_all_is_well() -> None:
    assert findings(WELL) == []
    assert findings(replace(WELL, server=replace(WELL.server, max_memory_bytes=0))) == []


@pytest.mark.parametrize(("change", "finding"), WRONG)
def test_each_wrong_is_named(change: dict[str, Any], finding: Finding) -> None:
    assert findings(replace(WELL, **change)) == [finding]


def test_a_worker_that_cannot_write_is_not_called_dead() -> None:
    broken = replace(WELL, server=replace(WELL.server, aof_ok=False), last_sweep_seconds=100)
    assert findings(broken) == [Finding("aof_error", urgent=True)]


def test_nobody_is_told_to_start_workers_on_a_redis_that_has_lost_its_data() -> None:
    assert findings(replace(WELL, data_missing=True, last_sweep_seconds=None)) == [Finding("data_missing", urgent=True)]


def test_every_finding_can_come_about() -> None:
    assert {finding.name for _, finding in WRONG} | {"redis_down"} == set(FINDINGS)


def test_every_section_is_in_the_runbook() -> None:
    runbook = (ROOT / "docs" / "operations.md").read_text().lower().replace(" ", "-")
    for words in FINDINGS.values():
        assert f"\n###-{words.section}\n" in runbook
