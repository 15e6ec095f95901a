from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from daemon.state.state_error import StateError
from daemon.state.state_lock import StateLock

ROOT = Path(__file__).parents[2]
HOLDER = """
import sys
from pathlib import Path
from daemon.state.state_lock import StateLock
lock = StateLock(Path(sys.argv[1]))
print("locked", flush=True)
sys.stdin.read()
"""


def start_holder(directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", HOLDER, str(directory)]
    holder = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "locked\n"
    return holder


def test_a_second_process_learns_who_holds_the_lock(tmp_path: Path) -> None:
    with start_holder(tmp_path) as holder:
        with pytest.raises(StateError) as caught:
            StateLock(tmp_path)
        holder.kill()
    expected = f"{tmp_path} is in use by process {holder.pid} on {socket.gethostname()}; stop that process"
    assert expected in str(caught.value)


def test_a_lock_file_that_is_deleted_lets_nobody_in(tmp_path: Path) -> None:
    with start_holder(tmp_path) as holder:
        (tmp_path / "lock").unlink()
        for _ in range(2):
            with pytest.raises(StateError, match="is in use by another process"):
                StateLock(tmp_path)
        holder.kill()
    StateLock(tmp_path).release()


def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    with start_holder(tmp_path) as holder:
        holder.kill()
    with StateLock(tmp_path):
        assert f'"pid": {os.getpid()}' in (tmp_path / "lock").read_text()


def test_a_released_lock_is_free_and_may_be_released_again(tmp_path: Path) -> None:
    with StateLock(tmp_path / "new" / "state") as lock:
        pass
    lock.release()
    with StateLock(tmp_path / "new" / "state"):
        pass


def test_a_lock_whose_owner_is_not_readable_is_still_a_lock(tmp_path: Path) -> None:
    with StateLock(tmp_path):
        (tmp_path / "lock").write_text("[")
        with pytest.raises(StateError, match="in use by another process"):
            StateLock(tmp_path)


def test_a_directory_that_cannot_be_made_is_said_plainly(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match=r"cannot lock .*; point checkpoint.directory at a directory"):
        StateLock(tmp_path / "file" / "state")
