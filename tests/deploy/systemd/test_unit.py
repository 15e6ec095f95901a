"""What systemd's own tools say of the unit, and whether its settings fit the daemon."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.process import signals
from daemon.process.exit_codes import ExitCode
from daemon.process.notify import _BEATS_PER_LIMIT

UNITS = Path(__file__).parents[3] / "deploy" / "systemd"
TEMPLATE = UNITS / "retaind@.service"
DROP_INS = ["gpu.conf", "kafka-secret.conf", "reload.conf"]
UNKNOWN_BEFORE = (
    ": Failed to parse service type, ignoring: notify-reload",
    "'RestartSteps'",
    "'RestartMaxDelaySec'",
)
"""Of systemd 253 and 254; earlier ones say so, and go on."""
MOST_EXPOSURE = 1.5
SECONDS = {"s": 1, "min": 60}


@pytest.fixture
def systemd_analyze() -> str:
    found = shutil.which("systemd-analyze")
    if found is None:
        pytest.skip("systemd-analyze checks the unit: install systemd")
    return found


@pytest.fixture
def unit(tmp_path: Path) -> Path:
    """The template with a program that is there, to be given drop-ins."""
    copy = tmp_path / TEMPLATE.name
    copy.write_text(TEMPLATE.read_text().replace("/opt/retaind/bin/retaind", sys.executable))
    return copy


def add_drop_in(unit: Path, name: str) -> None:
    directory = unit.with_name(f"{unit.name}.d")
    directory.mkdir(exist_ok=True)
    shutil.copy(UNITS / name, directory)


def settings() -> dict[str, str]:
    lines = (line for line in TEMPLATE.read_text().splitlines() if "=" in line and not line.startswith("#"))
    return dict(reversed([line.split("=", 1) for line in lines]))


def seconds(span: str) -> int:
    number = span.rstrip("mins")
    return int(number) * SECONDS[span.removeprefix(number)]


@pytest.mark.parametrize("drop_ins", [[], *([each] for each in DROP_INS)], ids=str)
def test_systemd_finds_nothing_to_remark_in_the_unit(systemd_analyze: str, unit: Path, drop_ins: list[str]) -> None:
    for each in drop_ins:
        add_drop_in(unit, each)
    done = subprocess.run([systemd_analyze, "verify", unit], capture_output=True, text=True, check=False)
    remarks = [line for line in done.stderr.splitlines() if not any(each in line for each in UNKNOWN_BEFORE)]
    assert (done.returncode, done.stdout, remarks) == (0, "", [])


@pytest.mark.parametrize("drop_ins", [[], *([each] for each in DROP_INS)], ids=str)
def test_the_sandbox_is_closed_as_far_as_a_kafka_client_and_torch_allow(
    systemd_analyze: str, unit: Path, drop_ins: list[str]
) -> None:
    for each in drop_ins:
        add_drop_in(unit, each)
    command = [systemd_analyze, "security", "--offline=yes", f"--threshold={int(MOST_EXPOSURE * 10)}", unit]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_supervisor_is_more_patient_than_the_daemon() -> None:
    from daemon import service  # noqa: PLC0415 - it brings torch along, which the other tests need not wait for

    unit = settings()
    assert seconds(unit["WatchdogSec"]) * (1 - 1 / _BEATS_PER_LIMIT) > service._TURN_LIMIT_SECONDS
    assert seconds(unit["TimeoutStartSec"]) > service._RESTORE_LIMIT_SECONDS


def test_what_a_restart_cannot_mend_is_not_restarted() -> None:
    prevented = {int(code) for code in settings()["RestartPreventExitStatus"].split()}
    assert prevented == {ExitCode.DATA, ExitCode.CONFIG}
    assert "ExecStartPre" not in settings()


def test_a_reload_is_the_signal_that_the_daemon_reloads_at() -> None:
    lines = TEMPLATE.read_text().splitlines()
    assert [line for line in lines if line.startswith("Type=")] == ["Type=notify", "Type=notify-reload"]
    assert "ReloadSignal" not in settings(), "SIGHUP unless told otherwise"
    assert signals.RELOAD.name == "SIGHUP"
    assert "ExecReload=/bin/kill -HUP $MAINPID" in (UNITS / "reload.conf").read_text().splitlines()


def test_a_passing_fault_never_leaves_it_down_for_good() -> None:
    """A full disk ends a start with 74: it is started again, ever more slowly, without an end."""
    unit = settings()
    assert unit["StartLimitIntervalSec"] == "0"
    assert ExitCode.IO not in {int(code) for code in unit["RestartPreventExitStatus"].split()}
    assert seconds(unit["RestartSec"]) < seconds(unit["RestartMaxDelaySec"]) <= 600


def test_memory_has_a_limit_before_that_of_the_machine() -> None:
    high, most = (int(settings()[name].removesuffix("%")) for name in ("MemoryHigh", "MemoryMax"))
    assert high < most < 100
