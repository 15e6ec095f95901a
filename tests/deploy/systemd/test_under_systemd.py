"""The unit under a real systemd, with its whole sandbox: installed, started, refused, rolled back."""

from __future__ import annotations

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.deploy.systemd.namespaced import NamespacedSystemd, Unsupported, why_not

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIG = """
source: {{type: plant, events: 10000000, rate: 1000}}
decoder: {{type: json, label: fault, task: regime}}
tasks: {{type: field}}
label: {{max_classes: 6}}
model: {{type: {model}}}
checkpoint: {{directory: /var/lib/retaind/plant, every_events: 200, keep: 100}}
"""
UNITS = Path(__file__).parents[3] / "deploy" / "systemd"
CREDENTIAL = "[Service]\nLoadCredential=kafka:/etc/retaind/secrets/kafka\n"
FILES = {
    "etc/retaind/plant.yaml": CONFIG.format(model="mlp"),
    "etc/retaind/wrong.yaml": CONFIG.format(model="mpl"),
    "etc/retaind/secrets/kafka": "hunter2",
    "etc/systemd/system/retaind@plant.service.d/kafka-secret.conf": CREDENTIAL,
    "etc/systemd/system/retaind@plant.service.d/reload.conf": (UNITS / "reload.conf").read_text(),
}


@pytest.fixture(scope="module")
def systemd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NamespacedSystemd]:
    if missing := why_not():
        pytest.skip(missing)
    with ExitStack() as opened:
        try:
            started = opened.enter_context(NamespacedSystemd(tmp_path_factory.mktemp("systemd"), files=FILES))
        except Unsupported as unsupported:
            pytest.skip(str(unsupported))
        started.systemctl("start", "--no-block", "retaind@wrong")
        started.systemctl("start", "retaind@plant")
        yield started


def events(systemd: NamespacedSystemd, name: str) -> list[dict[str, Any]]:
    lines = systemd.run("cat", "/run/log-plant").splitlines()
    said = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    return [each for each in said if each["event"] == name]


def test_it_is_started_only_once_it_learns_as_a_user_without_rights(systemd: NamespacedSystemd) -> None:
    assert systemd.show("retaind@plant", "ActiveState") == "active"
    assert systemd.show("retaind@plant", "StatusText") == "learning from plant"
    assert len(events(systemd, "ready")) == 1
    process = systemd.show("retaind@plant", "MainPID")
    status = dict(line.split(":\t", 1) for line in systemd.run("cat", f"/proc/{process}/status").splitlines())
    assert int(status["Uid"].split()[0]) >= 61_184
    assert [status[kind].strip() for kind in ("CapEff", "CapBnd", "NoNewPrivs", "Seccomp")] == [
        "0" * 16,
        "0" * 16,
        "1",
        "2",
    ]


def test_torch_says_nothing_of_a_machine_that_it_cannot_see(systemd: NamespacedSystemd) -> None:
    assert "cpuinfo" not in systemd.run("cat", "/run/log-plant")


def test_a_secret_is_a_file_that_the_daemon_alone_can_read(systemd: NamespacedSystemd) -> None:
    process = systemd.show("retaind@plant", "MainPID")
    environ = systemd.run("cat", f"/proc/{process}/environ").split("\0")
    assert "CREDENTIALS_DIRECTORY=/run/credentials/retaind@plant.service" in environ
    with pytest.raises(subprocess.CalledProcessError):
        systemd.run(
            "setpriv", "--reuid=65534", "--clear-groups", "cat", "/run/credentials/retaind@plant.service/kafka"
        )


def test_systemctl_reload_applies_the_changed_file_and_a_broken_one_leaves_it_active(
    systemd: NamespacedSystemd,
) -> None:
    file = "/etc/retaind/plant.yaml"
    systemd.run("sh", "-c", f"printf '%s\\n' 'optimizer: {{type: adam, lr: 0.01}}' >> {file}")
    systemd.systemctl("reload", "retaind@plant")
    systemd.until(lambda: events(systemd, "configuration reloaded") != [])
    systemd.until(lambda: systemd.show("retaind@plant", "ActiveState") == "active")
    systemd.run("sh", "-c", f"printf '%s\\n' 'sede: 4' >> {file}")
    systemd.systemctl("reload", "retaind@plant")
    systemd.until(lambda: events(systemd, "configuration not reloaded") != [])
    systemd.until(lambda: systemd.show("retaind@plant", "ActiveState") == "active")
    systemd.run("sed", "-i", "/sede/d", file)
    assert systemd.show("retaind@plant", "StatusText") == "learning from plant"
    assert len(events(systemd, "ready")) == 1


def test_a_wrong_configuration_stays_failed_with_78_and_is_not_tried_again(systemd: NamespacedSystemd) -> None:
    systemd.until(lambda: systemd.show("retaind@wrong", "ActiveState") == "failed")
    assert systemd.show("retaind@wrong", "ExecMainStatus") == "78"
    assert systemd.show("retaind@wrong", "NRestarts") == "0"
    assert 'did you mean "mlp"?' in systemd.run("cat", "/run/log-wrong")


def test_root_rolls_a_checkpoint_back_and_the_service_goes_on_from_there(systemd: NamespacedSystemd) -> None:
    systemd.until(lambda: systemd.run("find", "/var/lib/retaind/plant/", "-name", f"{3:012d}") != "")
    systemd.systemctl("stop", "retaind@plant")
    assert systemd.show("retaind@plant", "Result") == "success"
    assert len(events(systemd, "stopped")) == 1
    state = "/var/lib/retaind/plant"
    systemd.run("/opt/retaind/bin/retaind", "checkpoint", "rollback", "2", "--yes", "--directory", state)
    systemd.run("chown", "-R", f"--reference={state}/", f"{state}/")
    systemd.systemctl("start", "retaind@plant")
    assert [each["generation"] for each in events(systemd, "restored")] == [2]
