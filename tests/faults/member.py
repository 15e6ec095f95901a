"""A daemon with its directory and the machine that it runs on, started again whenever it ends by itself."""

from __future__ import annotations

import shutil
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import orjson

from connectors.files.rotated import rotated
from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.daemon_process import DaemonProcess
from tests.faults.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

DEADLINE_SECONDS = 60.0
PAUSE_SECONDS = 0.02
RESTARTED = {69, 74}
"""The exit codes after which a supervisor starts it again, and it goes on: a dependency, and the disk."""


class Member:
    """One of the daemons of a course, or its only one."""

    def __init__(self, launcher: Launcher, directory: Path, *, config: str) -> None:
        self.directory = directory
        (directory / "out").mkdir(parents=True)
        self.file = directory / "retaind.yaml"
        self.file.write_text(config)
        self.machine = Machine(directory)
        self.daemon: DaemonProcess | None = None
        self.ends: list[int] = []
        """The exit codes with which it ended by itself."""
        self._launcher = launcher
        self._lives = 0

    @property
    def state(self) -> Path:
        return self.directory / "state"

    @property
    def store(self) -> CheckpointStore:
        return CheckpointStore(self.state, keep=6)

    def run(self) -> DaemonProcess:
        """Return the daemon, started if none is running."""
        if self.daemon is not None and (code := self.daemon.code()) is not None:
            assert code in RESTARTED, f"it ended with {code}:\n{self.daemon.log}"
            self.ends.append(code)
            self.daemon = None
        if self.daemon is None:
            self._lives += 1
            log = self.directory / f"log-{self._lives}"
            self.daemon = DaemonProcess(self._launcher, self.file, log=log, environ=self.machine.environ)
        return self.daemon

    def until_started(self) -> None:
        """Wait until the daemon has begun, or ended."""
        daemon = self.run()
        deadline = time.monotonic() + DEADLINE_SECONDS
        while daemon.said("started") is None and daemon.code() is None:
            assert time.monotonic() < deadline, daemon.log
            time.sleep(PAUSE_SECONDS)

    def stop(self) -> None:
        """End its life in an orderly way, if it has one; it may have been about to end by itself."""
        if self.daemon is not None:
            code = self.daemon.stop()
            assert code in {0, -signal.SIGTERM, *RESTARTED}, f"it ended with {code}:\n{self.daemon.log}"
            self.daemon = None

    def kill(self) -> None:
        """End its life, if it has one."""
        if self.daemon is not None:
            self.daemon.kill()
            self.daemon = None

    def lines(self, name: str) -> list[dict[str, Any]]:
        """Return the whole lines of one of its outputs, that are in a file and in those that it was rotated to."""
        path = self.directory / "out" / f"{name}.jsonl"
        written = b""
        for each in (*reversed(rotated(path).values()), path):
            with suppress(FileNotFoundError):  # just being renamed: asked again, all are there
                written += each.read_bytes()
        return [orjson.loads(line) for line in written[: written.rfind(b"\n") + 1].splitlines() if line]

    def newest_state(self) -> dict[str, Any]:
        """Return the state in the newest checkpoint."""
        recovered = self.store.load_newest()
        assert recovered is not None
        return recovered.saved.state

    def back_up(self) -> None:
        """Copy the state; the daemon is to be stopped."""
        shutil.rmtree(self._backup, ignore_errors=True)
        if self.state.exists():
            shutil.copytree(self.state, self._backup)

    def restore(self) -> bool:
        """Put the copy in the place of the state; return whether there is one."""
        if not self._backup.exists():
            return False
        shutil.rmtree(self.state)
        shutil.copytree(self._backup, self.state)
        return True

    @property
    def _backup(self) -> Path:
        return self.directory / "backup"
