"""Settings and everything that names them: the page, the documents, the scripts, compose, Kubernetes, and the code."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT

from quorum.settings.declared import SETTINGS
from quorum.settings.declaring import API, COMMANDS, CONSOLE, STREAM, WORKER
from quorum.settings.others import NAMES_OF_OTHERS
from quorum.settings.reading import KNOWN_NAMES
from quorum.settings.table import table

NAME = re.compile(r"\bQUORUM_[A-Z][A-Z0-9_]*[A-Z0-9]\b")
SERVICES = {"report-api": (API, COMMANDS), "console": (CONSOLE,), "stream": (STREAM,), "worker": (WORKER,)}
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
# docs/settings.md names what Kubernetes makes of a service, the changelog what was once
EXAMPLES = {"QUORUM_REDIS_SERVICE_HOST", "QUORUM_REDIS_PORT"}
# What a user of compose has no use for: it has a Redis of its own, which is the broker, too.
OF_ANOTHER_REDIS = re.compile(r"QUORUM_(BROKER_.+|SENTINEL_.+)")
OF_ANOTHER_BUS = re.compile(r"QUORUM_TLS_.+")  # in compose the bus alone may have TLS
SOURCES = {
    "services/console/src/console": (CONSOLE,),
    "services/report-api/src/report_api": (API, STREAM, COMMANDS),
    "services/worker/src/tally_worker": (WORKER,),
    "shared/src/quorum/cli": (COMMANDS,),
}
READ = re.compile(r"\bsettings\.([a-z_]+)\b")


def texts() -> list[Path]:
    whole = [ROOT / "README.md", ROOT / "Makefile", ROOT / "docker-compose.yml"]
    for directory in ("docs", "deploy", "services"):
        whole += [path for path in (ROOT / directory).rglob("*") if path.is_file() and path.suffix != ".pyc"]
    return [path for path in whole if path.suffix != ".php"]  # a plugin's constants are its own


def test_no_service_is_given_a_variable_twice() -> None:
    """YAML's last one counts, and compose refuses the file."""
    for block in (ROOT / "docker-compose.yml").read_text().split("environment:")[1:]:
        names = re.findall(r"^      ([A-Z_]+):", block.partition("\n    networks:")[0], re.MULTILINE)
        assert len(names) == len(set(names))


def test_the_page_is_fresh() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8") == table()


@pytest.mark.parametrize("path", texts(), ids=lambda path: str(path.relative_to(ROOT)))
def test_no_text_names_a_setting_that_does_not_exist(path: Path) -> None:
    named = set(NAME.findall(path.read_text(encoding="utf-8", errors="replace")))
    assert named - KNOWN_NAMES - EXAMPLES == set()


def test_every_setting_says_what_it_is_for() -> None:
    for one in SETTINGS:
        assert one.meaning
        assert one.readers
        assert "\n" not in one.meaning
    assert len({one.name for one in SETTINGS}) == len(SETTINGS)
    assert not NAMES_OF_OTHERS.keys() & {one.name for one in SETTINGS}


@pytest.mark.parametrize("service", SERVICES)
def test_compose_passes_on_what_a_service_reads_and_nothing_else(service: str) -> None:
    given = {name for name in COMPOSE["services"][service]["environment"] if name.startswith("QUORUM_")}
    read = {one.name for one in SETTINGS if set(one.readers) & set(SERVICES[service])}
    useless = {name for name in read if OF_ANOTHER_REDIS.fullmatch(name)}
    useless |= {name for name in read if service != "worker" and OF_ANOTHER_BUS.fullmatch(name)}
    erasures = {"QUORUM_ERASURES"}  # for the commands of backup and restore, which may run in either container
    assert given - erasures == read - useless - erasures


def test_compose_takes_each_setting_from_the_variable_of_that_name() -> None:
    fixed = {
        "QUORUM_REDIS_URL",
        "QUORUM_REDIS_USERNAME",
        "QUORUM_REDIS_PASSWORD",
        "QUORUM_ERASURES",
        "QUORUM_STREAM_INNER",
    }
    for service in SERVICES:
        for name, value in COMPOSE["services"][service]["environment"].items():
            assert name in fixed or re.fullmatch(rf"\$\{{{name}:[-?].*\}}", value), name


@pytest.mark.parametrize("service", SERVICES)
def test_kubernetes_passes_on_what_a_service_reads(service: str) -> None:
    """What is no secret comes from the map; every secret from the one secret, and only where it is read."""
    deployment, *_ = yaml.safe_load_all((ROOT / f"deploy/kubernetes/base/{service}.yaml").read_text())
    [container] = deployment["spec"]["template"]["spec"]["containers"]
    assert container["envFrom"] == [{"configMapRef": {"name": "quorum"}}]
    given = {one["name"]: one["valueFrom"]["secretKeyRef"] for one in container["env"]}
    reads = set(SERVICES[service])
    secrets = {one.name for one in SETTINGS if one.kind.secret and set(one.readers) & reads}
    brokers = {"QUORUM_BROKER_URL", "QUORUM_BROKER_PASSWORD"}  # a cluster without one is refused, whoever reads that
    assert given.keys() - brokers == secrets - brokers
    needed = {name for name, reference in given.items() if not reference.get("optional")}
    assert needed <= {"QUORUM_REDIS_URL", "QUORUM_PEPPER", "QUORUM_SITE_KEY", "QUORUM_TOKEN_SECRET"}
    for name, reference in given.items():
        assert reference["key"] == name.removeprefix("QUORUM_").lower().replace("_", "-")


def test_who_reads_a_setting_is_said_of_it() -> None:
    readers = {one.attribute: set(one.readers) for one in SETTINGS}
    for directory, known in SOURCES.items():
        for path in (ROOT / directory).rglob("*.py"):
            if path.name in {"doctor.py", "plan.py"}:
                continue  # these look at, and start, the other services
            for attribute in set(READ.findall(path.read_text(encoding="utf-8"))) & readers.keys():
                assert readers[attribute] & set(known), (path.name, attribute)


def test_every_setting_is_read() -> None:
    code = "".join(
        path.read_text(encoding="utf-8")
        for directory in (*SOURCES, "shared/src/quorum")
        for path in (ROOT / directory).rglob("*.py")
        if path.name != "table.py"
    )
    for one in SETTINGS:
        assert re.search(rf"\b(settings|self)\.{one.attribute}\b", code), one.name


def test_what_compose_and_kubernetes_pull_has_an_exact_version_and_no_platform() -> None:
    pulled = [one["image"] for one in COMPOSE["services"].values() if "build" not in one]
    for path in (ROOT / "deploy/kubernetes").rglob("*.yaml"):
        pulled += re.findall(r"image: (\S+)", path.read_text())
    assert len(pulled) > 6
    for image in pulled:
        assert re.fullmatch(r"[a-z/-]+:v?\d+\.\d+\.\d+(-alpine)?", image), image
    everything = (ROOT / "docker-compose.yml").read_text() + "".join(
        (ROOT / f"services/{service}/Dockerfile").read_text() for service in ("report-api", "worker")
    )
    assert not re.search(r"platform|amd64|x86_64|arm64|aarch64|@sha256", everything)


def test_compose_and_kubernetes_run_the_same_redis() -> None:
    text = (ROOT / "deploy/kubernetes/overlays/redis-single/redis.yaml").read_text()
    assert f"image: {COMPOSE['services']['redis']['image']}\n" in text
