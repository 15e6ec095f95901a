"""The installer, into a folder."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
UNITS = ROOT / "deploy" / "systemd"


def install(*options: str) -> subprocess.CompletedProcess[str]:
    command = ["sh", str(UNITS / "install.sh"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def tree(root: Path) -> dict[str, tuple[int, int, bytes]]:
    """Every path with its mode, time of change and content."""
    return {
        str(path.relative_to(root)): (
            path.stat().st_mode & 0o777,
            path.stat().st_mtime_ns,
            path.read_bytes() if path.is_file() else b"",
        )
        for path in root.rglob("*")
    }


def test_it_installs_the_unit_and_a_closed_folder_for_secrets(tmp_path: Path) -> None:
    done = install("--root", str(tmp_path), "--units-only")
    assert (done.returncode, done.stderr) == (0, "")
    found = tree(tmp_path)
    mode, _, unit = found["etc/systemd/system/retaind@.service"]
    assert (mode, unit) == (0o644, (UNITS / "retaind@.service").read_bytes())
    assert found["etc/retaind"][0] == 0o755
    assert found["etc/retaind/secrets"][0] == 0o700


def test_a_second_time_it_touches_nothing_and_says_so(tmp_path: Path) -> None:
    install("--root", str(tmp_path), "--units-only")
    (tmp_path / "etc/retaind/plant.yaml").write_text("name: plant\n")
    before = tree(tmp_path)
    done = install("--root", str(tmp_path), "--units-only")
    assert (done.returncode, done.stdout) == (0, "nothing has changed\n")
    assert tree(tmp_path) == before


def test_an_older_unit_is_replaced(tmp_path: Path) -> None:
    install("--root", str(tmp_path), "--units-only")
    unit = tmp_path / "etc/systemd/system/retaind@.service"
    unit.write_text("[Service]\n")
    assert f"installed {unit}" in install("--root", str(tmp_path), "--units-only").stdout
    assert unit.read_bytes() == (UNITS / "retaind@.service").read_bytes()


@pytest.mark.parametrize(
    ("options", "code", "reason"),
    [
        (["--colour"], 64, "unknown option --colour"),
        (["--root", "somewhere"], 64, "--root needs --units-only"),
    ],
)
def test_what_it_does_not_understand_changes_nothing(options: list[str], code: int, reason: str) -> None:
    done = install(*options)
    assert done.returncode == code
    assert reason in done.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="root alone can become somebody else")
def test_only_root_may_install_into_the_system() -> None:
    command = ["setpriv", "--reuid=65534", "--clear-groups", "sh", "-s"]
    script = (UNITS / "install.sh").read_text()
    done = subprocess.run(command, input=script, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (77, "install.sh: run it as root, or with --root\n")
