"""A systemd of the test's own: the machine's program, as the first process of new namespaces."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[3]
SYSTEMD = Path("/lib/systemd/systemd")
DEADLINE_SECONDS = 300.0
PROGRAM = """\
#!/bin/sh
export LD_LIBRARY_PATH=/opt/retaind/python/lib PYTHONPATH=/opt/retaind/source:/opt/retaind/packages
exec /opt/retaind/python/bin/{python} -m daemon.cli "$@"
"""
DROP_IN = """\
[Service]
StandardOutput=append:/run/log-%i
StandardError=append:/run/log-%i
RestartSec=100ms
"""


class Unsupported(Exception):  # noqa: N818 - it is a state of the machine, not an error
    """This machine cannot do it; the message says what is missing."""


class NamespacedSystemd:
    """Boots with `files` below /etc; ends, with all that it has started, at the end of the context.

    The processes see this machine's files, and change none of them.
    """

    def __init__(self, folder: Path, *, files: dict[str, str]) -> None:
        self._folder = folder
        self._cgroup = _cgroup_root() / f"retaind-test-{os.getpid()}"
        files = {"etc/systemd/system/retaind@.service.d/test.conf": DROP_IN} | files
        files["etc/systemd/system/idle.target"] = "[Unit]\nDefaultDependencies=no\n"
        files["retaind"] = PROGRAM.format(python=f"python3.{sys.version_info.minor}")
        for name, content in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(content)
        (folder / "retaind").chmod(0o755)

    def __enter__(self) -> Self:
        self._cgroup.mkdir()
        script = Path(__file__).with_suffix(".sh")
        packages = sysconfig.get_path("purelib")
        mortal = [sys.executable, ROOT / "tests" / "kafka" / "die_with_parent.py", str(os.getpid())]
        command = [*mortal, "sh", script, self._folder, ROOT, sys.base_prefix, packages, self._cgroup]
        with self._log.open("wb") as log:
            self._unshare = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        try:
            self.until(self._is_running)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill all of it."""
        self._unshare.kill()
        self._unshare.wait()
        for directory in sorted(self._cgroup.rglob("*/"), reverse=True):
            _remove(directory)
        _remove(self._cgroup)

    def systemctl(self, *arguments: str) -> str:
        """Run systemctl in there, and return what it says. Raises CalledProcessError."""
        return self.run("systemctl", *arguments)

    def run(self, *command: str) -> str:
        """Run a command in there as root. Raises CalledProcessError."""
        return self._run(*command, check=True).stdout

    def show(self, unit: str, name: str) -> str:
        """Return a property of a unit."""
        return self.systemctl("show", unit, "--property", name, "--value").strip()

    def until(self, condition: Callable[[], bool]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not condition():
            if self._unshare.poll() is not None:
                raise Unsupported(f"systemd cannot be started in namespaces here: {self._log.read_text()}")
            assert time.monotonic() < deadline, self._log.read_text()
            time.sleep(0.05)

    @property
    def _log(self) -> Path:
        return self._folder / "boot.log"

    def _is_running(self) -> bool:
        # Until it is prepared, /run is this machine's, and systemctl would speak with this machine's systemd.
        if "prepared" not in self._log.read_text().split():
            return False
        return self._run("systemctl", "is-system-running", check=False).stdout.strip() == "running"

    def _run(self, *command: str, check: bool) -> subprocess.CompletedProcess[str]:
        inside = ["nsenter", f"--target={self._first_process()}", "--mount", "--pid", "--uts", "--ipc", "--net"]
        return subprocess.run([*inside, *command], capture_output=True, text=True, check=check)

    def _first_process(self) -> int:
        return int(Path(f"/proc/{self._unshare.pid}/task/{self._unshare.pid}/children").read_text().split()[0])


def why_not() -> str | None:
    """Return what this machine lacks, None where it can be tried."""
    if os.geteuid() != 0:
        return "namespaces for a systemd need root"
    for tool in ("unshare", "nsenter", "systemctl"):
        if shutil.which(tool) is None:
            return f"{tool} is missing: install systemd and util-linux"
    if not SYSTEMD.exists():
        return f"{SYSTEMD} is missing: install systemd"
    try:
        _cgroup_root()
    except Unsupported as missing:
        return str(missing)
    return None


def _cgroup_root() -> Path:
    for line in Path("/proc/mounts").read_text().splitlines():
        _, where, kind, *_ = line.split()
        if kind == "cgroup2" and os.access(where, os.W_OK):
            return Path(where)
    raise Unsupported("no cgroup2 file system is mounted")


def _remove(cgroup: Path) -> None:
    deadline = time.monotonic() + 10.0
    while cgroup.exists() and time.monotonic() < deadline:
        with suppress(OSError):  # its last processes are dying
            cgroup.rmdir()
            return
        time.sleep(0.02)
