from __future__ import annotations

import os
import resource
import socket
from typing import TYPE_CHECKING, Any

import pytest

from daemon.doctor.clock import check_clock
from daemon.doctor.limits import check_limits
from daemon.doctor.memory import check_memory, declared
from daemon.doctor.memory_limits import check_memory_limits, memory_limits
from daemon.doctor.processor import check_processor
from daemon.doctor.setup import Setup
from daemon.doctor.supervisor import check_supervisor
from daemon.doctor.versions import check_packages, check_python
from strategies.row_size import row_bytes
from tests.daemon.doctor.found import only, worst

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MIB = 1 << 20


@pytest.fixture
def machine(tmp_path: Path) -> Callable[..., Setup]:
    """A machine as files of /proc and /sys tell it, with limits on the group of this process or above it."""

    def make(config: Any = None, *, free_kib: int = 8 << 20, **limits: str) -> Setup:
        proc, cgroups = tmp_path / "proc", tmp_path / "cgroup"
        inner = cgroups / "system.slice" / "retaind.service"
        inner.mkdir(parents=True)
        (proc / "self").mkdir(parents=True)
        (proc / "self" / "cgroup").write_text("0::/system.slice/retaind.service\n")
        (proc / "meminfo").write_text(f"MemTotal: 99999999 kB\nMemAvailable: {free_kib} kB\n")
        for name, text in limits.items():
            group, _, file = name.rpartition("__")
            folder = inner.parent if group == "above" else inner
            (folder / file.replace("_", ".")).write_text(text + "\n")
        return Setup(config=config, proc=proc, cgroups=cgroups)

    return make


def test_this_python_and_its_packages_are_good_enough() -> None:
    assert only(check_python(Setup())).level == "ok"
    found = only(check_packages(Setup()))
    assert found.level == "ok"
    assert "torch" in found.found


def test_another_package_of_our_name_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    owners = {"daemon": ["retaind", "python-daemon"], "connectors": ["retaind"], "strategies": ["retaind"]}
    monkeypatch.setattr("daemon.doctor.versions.packages_distributions", lambda: owners)
    found = worst(check_packages(Setup()))
    assert (found.level, "python-daemon installs a package daemon" in found.found) == ("problem", True)


def test_more_threads_than_the_control_group_allows_is_a_warning(machine: Any, configure: Any) -> None:
    found = only(check_processor(machine(configure(learner="{threads: 2}"), above__cpu_max="100000 100000")))
    assert found.level == "warning"
    assert "its control group allows 1; learner.threads is 2" in found.found
    assert found.remedy.startswith("set learner.threads to 1")


def test_threads_that_fit_are_ok(machine: Any, configure: Any) -> None:
    assert only(check_processor(machine(configure(), own__cpu_max="max 100000"))).level == "ok"


def test_buffers_that_exceed_the_free_memory_are_a_problem(machine: Any, configure: Any) -> None:
    config = configure(strategies='[{type: replay, bytes: "3GiB"}]')
    assert only(check_memory(machine(config, free_kib=2 << 20))).level == "problem"


def test_the_control_groups_limit_counts_too(machine: Any, configure: Any) -> None:
    config = configure(strategies='[{type: replay, bytes: "100MiB"}]')
    limits = {"above__memory_max": str(300 * MIB), "above__memory_current": str(100 * MIB)}
    found = only(check_memory(machine(config, **limits)))
    assert (found.level, "200.0 MiB are free" in found.found) == ("warning", True)


def test_rows_are_reckoned_where_the_features_are_known(configure: Any) -> None:
    config = configure(
        decoder="{type: json, label: fault, features: [a, b, c]}",
        strategies="[{type: replay, rows: 1000, storage: float16}]",
        retention="{probe_share: 0}",
    )
    assert declared(config) == (1000 * row_bytes(3, "float16"), False)
    assert declared(configure(retention="{probe_share: 0}"))[1]


def test_limits_of_memory_follow_from_the_configuration(machine: Any, configure: Any) -> None:
    config = configure(strategies='[{type: replay, bytes: "300MiB"}]', retention="{probe_share: 0}")
    found = only(check_memory_limits(machine(config)))
    high, most = memory_limits(300 * MIB, outputs=0)
    assert (high, most) == (1500, 1800)
    assert f"MemoryHigh={high}M and MemoryMax={most}M" in found.found
    assert list(check_memory_limits(Setup())) == []


def test_too_few_open_files_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    limits = {resource.RLIMIT_NOFILE: (256, 4096), resource.RLIMIT_FSIZE: (1 << 20, 1 << 20)}
    monkeypatch.setattr(resource, "getrlimit", limits.__getitem__)
    found = list(check_limits(Setup()))
    assert [finding.level for finding in found] == ["warning", "warning"]
    assert "LimitNOFILE" in found[0].remedy


def test_a_clock_before_the_installation_is_a_problem() -> None:
    assert only(check_clock(Setup())).level == "ok"
    assert only(check_clock(Setup(clock=lambda: 0.0))).level == "problem"


def test_the_supervisors_socket_is_connected_to_and_told_nothing(tmp_path: Path) -> None:
    address = tmp_path / "notify"
    setup = Setup(environ={"NOTIFY_SOCKET": str(address)})
    assert only(check_supervisor(setup)).level == "problem"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as supervisor:
        supervisor.bind(str(address))
        supervisor.setblocking(False)
        assert only(check_supervisor(setup)).level == "ok"
        with pytest.raises(BlockingIOError):
            supervisor.recv(100)


def test_without_a_supervisor_nothing_is_wrong() -> None:
    assert only(check_supervisor(Setup(environ={}))).level == "ok"
    assert os.environ is Setup().environ
