"""The chart, what helm renders from it, and the kustomize base."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[3] / "deploy"
CHART = DEPLOY / "helm" / "retaind"
BASE = DEPLOY / "kustomize"
KUBERNETES = "1.31.0"


def render(helm: str, *options: str, chart: Path = CHART) -> list[dict[str, Any]]:
    command = [helm, "template", "plant", chart, "--kube-version", KUBERNETES, *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return parse(done.stdout)


def package(folder: Path) -> Path:
    """Return the chart's archive, which has the alert rules and dashboards too."""
    subprocess.run([CHART.parent / "package.sh", folder], check=True, capture_output=True)
    (archive,) = folder.glob("retaind-*.tgz")
    return archive


def parse(manifest: str) -> list[dict[str, Any]]:
    return [each for each in yaml.safe_load_all(manifest) if each]


def of_kind(objects: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [each for each in objects if each["kind"] == kind]


def pods(objects: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The specifications of the daemon's pod and of the test's."""
    return [each["spec"]["template"]["spec"] for each in of_kind(objects, "StatefulSet")] + [
        each["spec"] for each in of_kind(objects, "Pod")
    ]
