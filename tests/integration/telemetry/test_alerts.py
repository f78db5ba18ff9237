"""The alerts: valid, each held to its promise by `promtool test rules`, each with a section of the runbook."""

import re
import subprocess
from typing import Any

import yaml
from conftest import ROOT

ALERTS = ROOT / "deploy" / "prometheus" / "alerts.yml"
CASES = ROOT / "tests" / "prometheus" / "alerts_test.yml"


def alerts() -> list[dict[str, Any]]:
    groups = yaml.safe_load(ALERTS.read_text())["groups"]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def anchors(page: str) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_alert_fires_when_it_should_and_not_before() -> None:
    subprocess.run(["promtool", "check", "rules", str(ALERTS)], check=True, capture_output=True)
    done = subprocess.run(["promtool", "test", "rules", str(CASES)], check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_alert_is_without_a_case_of_its_own() -> None:
    tested = {
        match
        for test in yaml.safe_load(CASES.read_text())["tests"]
        for one in test["promql_expr_test"]
        if one["exp_samples"]
        for match in re.findall(r'alertname="(\w+)"', one["expr"])
    }
    assert tested == {alert["alert"] for alert in alerts()}


def test_every_alert_names_its_section_of_the_runbook_and_how_urgent_it_is() -> None:
    for alert in alerts():
        page, _, anchor = alert["annotations"]["runbook"].partition("#")
        assert anchor in anchors(page), alert["alert"]
        assert alert["labels"]["severity"] in {"page", "ticket"}
        assert alert["annotations"]["summary"]
