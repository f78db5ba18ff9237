"""The Kubernetes manifests: built as a user builds them, valid to the letter, and in step with the services."""

import subprocess
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml
from conftest import ROOT

from quorum.settings.reading import KNOWN_NAMES
from quorum.store.keys import keys_of
from quorum.telemetry.metrics import WORKER_TURN_AGE

KUBERNETES = "1.34"
PRIVATE = {"10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16"}
OVERLAYS = ("redis-single", "redis-external", "redis-cluster", "keda")
SERVICES = ("console", "report-api", "stream", "worker", "redis")

TRIGGER = ("serverAddress", "query", "threshold", "activationThreshold")

# What is used of KEDA's custom resource, after its documentation of ScaledObject and of the Prometheus trigger (2.x).
SCALED_OBJECT = {
    "type": "object",
    "required": ["scaleTargetRef", "triggers"],
    "additionalProperties": False,
    "properties": {
        "scaleTargetRef": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {"name": {"type": "string"}, "kind": {"type": "string"}, "apiVersion": {"type": "string"}},
        },
        "pollingInterval": {"type": "integer"},
        "cooldownPeriod": {"type": "integer"},
        "minReplicaCount": {"type": "integer"},
        "maxReplicaCount": {"type": "integer"},
        "fallback": {
            "type": "object",
            "required": ["failureThreshold", "replicas"],
            "additionalProperties": False,
            "properties": {"failureThreshold": {"type": "integer"}, "replicas": {"type": "integer"}},
        },
        "triggers": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["type", "metadata"],
                "additionalProperties": False,
                "properties": {
                    "type": {"const": "prometheus"},
                    "metadata": {
                        "type": "object",
                        "required": ["serverAddress", "query", "threshold"],
                        "additionalProperties": False,
                        "properties": {name: {"type": "string"} for name in TRIGGER},
                    },
                },
            },
        },
    },
}


@cache
def objects(overlay: str) -> list[dict[str, Any]]:
    directory = ROOT / "deploy" / "kubernetes" / "overlays" / overlay
    done = subprocess.run(["kubectl", "kustomize", str(directory)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(yaml.safe_load_all(done.stdout))


def of_kind(overlay: str, *kinds: str) -> list[dict[str, Any]]:
    return [one for one in objects(overlay) if one["kind"] in kinds]


def pods(overlay: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for one in of_kind(overlay, "Deployment", "StatefulSet"):
        yield one["metadata"]["name"], one["spec"]["template"]


def containers(overlay: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, pod in pods(overlay):
        for container in pod["spec"]["containers"]:
            yield name, container


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_object_is_valid_to_the_letter(overlay: str) -> None:
    assert len(objects(overlay)) >= 14
    for one in objects(overlay):
        assert one["metadata"]["namespace"] == "quorum"
        if one["kind"] == "ScaledObject":
            jsonschema.validate(one["spec"], SCALED_OBJECT)
        else:
            kubernetes_validate.validate(one, KUBERNETES, strict=True)


def test_validation_would_notice_a_misspelled_field() -> None:
    [one] = of_kind("redis-single", "StatefulSet")
    bad = {**one, "spec": {**one["spec"], "replica": 1}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(bad, KUBERNETES, strict=True)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_pod_keeps_to_the_restricted_standard(overlay: str) -> None:
    for name, pod in pods(overlay):
        spec = pod["spec"]
        assert spec["securityContext"]["runAsNonRoot"], name
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False  # QUORUM_PORT=tcp://... is no setting
        for container in spec["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["requests"]["memory"]
            assert container["resources"]["limits"]["memory"]
            for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
                assert container[probe], (name, probe)


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_setting_is_one_that_the_services_know_and_no_secret_has_a_value(overlay: str) -> None:
    [settings] = of_kind(overlay, "ConfigMap")
    for name in settings["data"]:
        assert name in KNOWN_NAMES
    for service, container in containers(overlay):
        for variable in container.get("env", []):
            assert set(variable) == {"name", "valueFrom"}, variable
            assert set(variable["valueFrom"]) == {"secretKeyRef"}
            if service != "redis":
                assert variable["name"] in KNOWN_NAMES
    assert of_kind(overlay, "Secret") == []


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_selectors_find_pods_and_ports_are_open(overlay: str) -> None:
    labels = {name: pod["metadata"]["labels"] for name, pod in pods(overlay)}
    ports = {name: {port["name"]: port["containerPort"] for port in one["ports"]} for name, one in containers(overlay)}
    for service in of_kind(overlay, "Service"):
        [found] = [name for name, have in labels.items() if service["spec"]["selector"].items() <= have.items()]
        assert found == service["metadata"]["name"]
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= set(ports[found])
    for budget in of_kind(overlay, "PodDisruptionBudget"):
        wanted = budget["spec"]["selector"]["matchLabels"].items()
        assert [name for name, have in labels.items() if wanted <= have.items()] == [budget["metadata"]["name"]]
    for name, pod in pods(overlay):
        annotations = pod["metadata"].get("annotations", {})
        if name not in {"redis", "console"}:  # those export nothing
            assert int(annotations["prometheus.io/port"]) in ports[name].values()


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nothing_goes_in_or_out_but_what_is_named(overlay: str) -> None:
    policies = {one["metadata"]["name"]: one["spec"] for one in of_kind(overlay, "NetworkPolicy")}
    default = policies["quorum-default"]
    assert default["policyTypes"] == ["Ingress", "Egress"]
    assert default.get("ingress", []) == []
    assert all(name in SERVICES for name, _ in pods(overlay))
    everywhere = {label for _, pod in pods(overlay) for label in pod["metadata"]["labels"].items()}
    assert ("app.kubernetes.io/part-of", "quorum") in everywhere
    [webhooks] = policies["quorum-worker"]["egress"]
    assert webhooks["ports"] == [{"port": 1, "endPort": 65535, "protocol": "TCP"}]  # whatever a receiver or a bus has
    assert set(webhooks["to"][0]["ipBlock"]["except"]) >= PRIVATE
    assert "quorum-to-redis" in policies


def test_the_scaler_asks_for_a_metric_that_exists_and_scales_what_exists() -> None:
    [scaler] = of_kind("keda", "ScaledObject")
    assert scaler["spec"]["scaleTargetRef"]["name"] in {name for name, _ in pods("keda")}
    assert "quorum_inbox_depth" in scaler["spec"]["triggers"][0]["metadata"]["query"]
    assert keys_of("quorum", 0).inbox == "quorum:{0}:inbox"


def test_on_a_cluster_every_service_has_a_broker_beside_it_and_partitions_to_spread() -> None:
    for name, container in containers("redis-cluster"):
        variables = {one["name"]: one["valueFrom"]["secretKeyRef"]["key"] for one in container["env"]}
        assert variables["QUORUM_BROKER_URL"] == "broker-url", name
    [settings] = of_kind("redis-cluster", "ConfigMap")
    assert int(settings["data"]["QUORUM_PARTITIONS"]) > 1
    assert settings["data"]["QUORUM_READ_ACCESS"] == "key"


def test_redis_has_the_settings_of_its_configuration_file() -> None:
    [redis] = [one for name, one in containers("redis-single") if name == "redis"]
    stated = dict(zip(redis["args"][::2], redis["args"][1::2], strict=True))
    lines = (ROOT / "deploy" / "redis" / "redis.conf").read_text().splitlines()
    wanted = dict(line.split(" ", 1) for line in lines if line and not line.startswith("#"))
    for name in ("bind", "protected-mode"):  # the image's own: the network policy is the fence
        wanted.pop(name)
    assert {name.removeprefix("--"): value for name, value in stated.items()} == {
        **{name: value.strip('"') for name, value in wanted.items()},
        "requirepass": "$(REDIS_PASSWORD)",
    }


@pytest.mark.trouble(
    "a worker or stream is dead inside", "Kubernetes restarts it; a Redis that is away restarts nothing"
)
def test_a_worker_or_stream_that_is_dead_inside_is_restarted_and_a_redis_that_is_away_restarts_nothing() -> None:
    probes = {name: container["livenessProbe"] for name, container in containers("redis-single")}
    [metric, limit] = probes["worker"]["exec"]["command"][-2:]
    assert metric == WORKER_TURN_AGE.exported  # told whether or not it reached Redis
    assert 60 <= float(limit) <= 300
    assert probes["stream"]["httpGet"]["path"] == "/livez"  # answered by the loop that serves the streams
    assert "readyz" not in str(list(probes.values()))


def test_images_are_those_of_compose() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    for name, container in containers("redis-single"):
        assert container["image"].removesuffix(":0.1.0") == compose[name]["image"], name
