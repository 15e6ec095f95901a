"""What the chart renders, by helm itself."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest
import yaml

from daemon.process.exit_codes import ExitCode
from tests.deploy.helm.chart import BASE, CHART, DEPLOY, KUBERNETES, of_kind, package, parse, pods, render

if TYPE_CHECKING:
    from pathlib import Path

ALL_ON = "podMonitor.enabled=true,prometheusRule.enabled=true,dashboards.enabled=true,existingSecret=kafka"


def test_helm_finds_nothing_to_remark(helm: str) -> None:
    done = subprocess.run([helm, "lint", "--strict", "--quiet", CHART], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_pod_meets_the_restricted_standard_and_has_no_token(helm: str) -> None:
    objects = render(helm)
    assert len(pods(objects)) == 2
    for pod in pods(objects):
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        (container,) = pod["containers"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    assert [each["automountServiceAccountToken"] for each in of_kind(objects, "ServiceAccount")] == [False]


def test_liveness_never_asks_about_kafka(helm: str) -> None:
    (container,) = pods(render(helm))[0]["containers"]
    asked = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert asked == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}


def test_probes_the_monitor_and_the_test_ask_by_https_where_the_server_has_certificates(helm: str) -> None:
    monitor = "podMonitor.enabled=true,podMonitor.tlsConfig.serverName=plant"
    objects = render(helm, "--set", f"scheme=HTTPS,{monitor}")
    (container,), (test,) = (pod["containers"] for pod in pods(objects))
    assert {container[f"{name}Probe"]["httpGet"]["scheme"] for name in ("startup", "liveness", "readiness")} == {
        "HTTPS"
    }
    assert 'at = "https://plant-retaind:9464"' in test["command"][-1]
    (endpoint,) = of_kind(objects, "PodMonitor")[0]["spec"]["podMetricsEndpoints"]
    assert (endpoint["scheme"], endpoint["tlsConfig"]) == ("https", {"serverName": "plant"})


def test_another_configuration_makes_other_pods(helm: str) -> None:
    def checksum(*options: str) -> str:
        template = of_kind(render(helm, *options), "StatefulSet")[0]["spec"]["template"]
        return str(template["metadata"]["annotations"]["checksum/config"])

    assert checksum() == checksum() != checksum("--set", "config.name=other")


def test_the_default_configuration_is_one_that_the_daemon_takes(helm: str, tmp_path: Path) -> None:
    from daemon.build.load import load  # noqa: PLC0415 - it brings torch along, which the other tests need not wait for

    (config,) = of_kind(render(helm), "ConfigMap")
    file = tmp_path / "retaind.yaml"
    file.write_text(config["data"]["retaind.yaml"])
    loaded = load(file, environ={})
    assert loaded.http.host == "0.0.0.0"  # noqa: S104 - the kubelet comes from outside the pod
    mounts = pods(render(helm))[0]["containers"][0]["volumeMounts"]
    assert any(loaded.checkpoint.directory.startswith(f"{mount['mountPath']}/") for mount in mounts)


def test_what_needs_an_operator_is_off_until_asked_for(helm: str) -> None:
    assert {each["kind"] for each in render(helm)} == {
        *("ConfigMap", "NetworkPolicy", "Pod", "Service", "ServiceAccount", "StatefulSet"),
    }


def test_a_budget_of_disruptions_is_there_where_it_protects_something(helm: str) -> None:
    assert of_kind(render(helm), "PodDisruptionBudget") == []
    (budget,) = of_kind(render(helm, "--set", "replicas=2"), "PodDisruptionBudget")
    assert budget["spec"]["maxUnavailable"] == 1


def test_an_image_is_named_by_its_digest_where_one_is_given(helm: str) -> None:
    digest = f"sha256:{'0a' * 32}"
    (container,) = pods(render(helm, "--set", f"image.digest={digest},image.tag=1.2"))[0]["containers"]
    assert container["image"] == f"retaind:1.2@{digest}"


def test_every_connection_out_has_named_peers(helm: str) -> None:
    (policy,) = of_kind(render(helm), "NetworkPolicy")
    assert [sorted(rule) for rule in policy["spec"]["egress"]] == [["ports", "to"]] * 2
    assert all(rule["to"] for rule in policy["spec"]["egress"])


def test_outputs_have_a_volume_of_their_own_and_ephemeral_storage_a_limit(helm: str) -> None:
    objects = render(helm)
    claims = of_kind(objects, "StatefulSet")[0]["spec"]["volumeClaimTemplates"]
    assert {each["metadata"]["name"] for each in claims} == {"state", "outputs"}
    (container,) = pods(objects)[0]["containers"]
    assert {"requests", "limits"} == {
        each for each, of in container["resources"].items() if "ephemeral-storage" in of
    }


def test_a_packaged_chart_brings_the_rules_and_dashboards_of_the_source_tree(helm: str, tmp_path: Path) -> None:
    objects = render(helm, "--set", ALL_ON, chart=package(tmp_path))
    rules = [each["spec"] for each in of_kind(objects, "PrometheusRule")]
    assert rules == [yaml.safe_load(each.read_text()) for each in sorted(DEPLOY.glob("prometheus/rules/*.yaml"))]
    shown = {name: text for each in of_kind(objects, "ConfigMap") for name, text in each["data"].items()}
    ours = {each.name: json.loads(each.read_text()) for each in DEPLOY.glob("grafana/dashboards/*.json")}
    assert {name: json.loads(text) for name, text in shown.items() if name.endswith(".json")} == ours
    assert len(of_kind(objects, "PodMonitor")) == 1


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("replicsa=2", "replicsa"),
        ("config.http.host=127.0.0.1", "config.http.host"),
        ("config.checkpoint.directory=/tmp/state", "config.checkpoint.directory"),
        ("terminationGracePeriodSeconds=5", "terminationGracePeriodSeconds"),
        ("persistence.size=big", "persistence.size"),
        ("scheme=TLS", "scheme"),
        ("image.digest=latest", "image.digest"),
        ("config.dead_letters.path=/var/lib/retaind/dead", "config.dead_letters.path"),
        ("networkPolicy.egress[0].ports[0].port=9092", "networkPolicy.egress.0"),
    ],
)
def test_values_that_cannot_work_are_refused_by_name(helm: str, setting: str, complaint: str) -> None:
    command = [helm, "template", "plant", CHART, "--kube-version", KUBERNETES, "--set", setting]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    # Older helms write the path with dots, newer ones with slashes.
    assert complaint in done.stderr.replace("/", ".")


def test_the_notes_name_the_exit_code_of_a_wrong_configuration() -> None:
    assert f"exit code {ExitCode.CONFIG.value}" in (CHART / "templates" / "NOTES.txt").read_text()


def test_the_kustomize_base_is_what_the_chart_renders(helm: str) -> None:
    options = ["--skip-tests", "--values", str(BASE / "chart-values.yaml")]
    command = [helm, "template", "retaind", CHART, "--kube-version", KUBERNETES, *options]
    rendered = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert (BASE / "retaind.yaml").read_text() == rendered, "run deploy/kustomize/render.sh"


def test_kustomize_builds_the_base_with_a_configuration_whose_change_makes_other_pods() -> None:
    done = subprocess.run([*kustomize(), str(BASE)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    objects = parse(done.stdout)
    (config,) = of_kind(objects, "ConfigMap")
    assert config["metadata"]["name"].startswith("retaind-config-")
    volumes = {each["name"]: each for each in pods(objects)[0]["volumes"]}
    assert volumes["config"]["configMap"]["name"] == config["metadata"]["name"]


def kustomize() -> list[str]:
    """Return the command that builds a kustomization."""
    for command in (["kustomize", "build"], ["kubectl", "kustomize"]):
        if shutil.which(command[0]):
            return command
    pytest.skip("kustomize or kubectl builds the base: install one of them, or `make helm` (with Go)")
