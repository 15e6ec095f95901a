"""What goes to Kubernetes, held against its own schemas: of the oldest version that the chart takes, and later."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import yaml
from kubernetes_validate import ValidationError, latest_version, validate

from tests.deploy.helm.chart import BASE, CHART, KUBERNETES, of_kind, package, parse, pods, render

OLDEST = "1.25"
VERSIONS = [OLDEST, KUBERNETES, latest_version()]
# Of the Prometheus operator, which brings its own schemas.
FOREIGN = {"PodMonitor", "PrometheusRule"}
ALL_ON: dict[str, Any] = {
    "existingSecret": "kafka",
    "env": [{"name": "KAFKA_BOOTSTRAP", "value": "kafka:9092"}],
    "image": {"repository": "my-registry.example/retaind", "tag": "other", "pullPolicy": "Always"},
    "imagePullSecrets": [{"name": "my-registry"}],
    "replicas": 3,
    "persistence": {"storageClass": "fast", "whenDeleted": "Delete", "whenScaled": "Delete"},
    "podAnnotations": {"example.org/team": "plant"},
    "podLabels": {"team": "plant"},
    "nodeSelector": {"kubernetes.io/arch": "amd64"},
    "tolerations": [{"key": "plant", "operator": "Exists", "effect": "NoSchedule"}],
    "affinity": {"podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}},
    "priorityClassName": "important",
    "service": {"annotations": {"example.org/team": "plant"}},
    "podMonitor": {"enabled": True, "labels": {"release": "prometheus"}},
    "prometheusRule": {"enabled": True, "labels": {"release": "prometheus"}},
    "dashboards": {"enabled": True, "annotations": {"grafana_folder": "retaind"}},
}


@pytest.fixture(scope="module")
def everything(helm: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """All that the packaged chart can render."""
    folder = tmp_path_factory.mktemp("chart")
    values = folder / "values.yaml"
    values.write_text(yaml.safe_dump(ALL_ON))
    return render(helm, "--values", str(values), chart=package(folder))


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field_of_the_kustomize_base(version: str) -> None:
    for each in parse((BASE / "retaind.yaml").read_text()):
        validate(each, version, strict=True)


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_knows_every_field_of_the_chart_with_all_options(
    everything: list[dict[str, Any]], version: str
) -> None:
    ours = [each for each in everything if each["kind"] not in FOREIGN]
    assert len(ours) > len(parse((BASE / "retaind.yaml").read_text()))
    for each in ours:
        validate(each, version, strict=True)


def test_the_versions_are_those_that_the_chart_is_for() -> None:
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert chart["kubeVersion"] == f">={OLDEST}.0-0"


@pytest.mark.parametrize(
    ("field", "value"),
    [("terminationGracePeriodSeconds", "soon"), ("termination", 120), ("securityContext", {"runAsRoot": False})],
)
def test_a_mistake_deep_in_a_pod_is_seen(field: str, value: object) -> None:
    (daemon,) = of_kind(parse((BASE / "retaind.yaml").read_text()), "StatefulSet")
    wrong = copy.deepcopy(daemon)
    wrong["spec"]["template"]["spec"][field] = value
    with pytest.raises(ValidationError):
        validate(wrong, KUBERNETES, strict=True)


def test_the_prometheus_operator_is_sent_to_a_port_of_the_daemons_pod(everything: list[dict[str, Any]]) -> None:
    (monitor,) = of_kind(everything, "PodMonitor")
    (endpoint,) = monitor["spec"]["podMetricsEndpoints"]
    (container,) = pods(everything)[0]["containers"]
    assert endpoint["port"] in [port["name"] for port in container["ports"]]


def test_whatever_selects_pods_selects_the_daemons(everything: list[dict[str, Any]]) -> None:
    (daemon,) = of_kind(everything, "StatefulSet")
    labels = daemon["spec"]["template"]["metadata"]["labels"].items()
    kinds = {"NetworkPolicy": "podSelector", "PodDisruptionBudget": "selector", "PodMonitor": "selector"}
    selectors = {kind: of_kind(everything, kind)[0]["spec"][key]["matchLabels"] for kind, key in kinds.items()}
    selectors["StatefulSet"] = daemon["spec"]["selector"]["matchLabels"]
    selectors["Service"] = of_kind(everything, "Service")[0]["spec"]["selector"]
    assert {kind for kind, selector in selectors.items() if not selector.items() <= labels} == set()
