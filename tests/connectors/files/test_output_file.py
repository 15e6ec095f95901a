"""What is written to a file is there once, whatever happened to the process, the disk or the file."""

from __future__ import annotations

import errno
import json
import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from connectors.files.output_file import OutputFile

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "out"


def output(path: Path, state: dict[str, Any] | None = None) -> OutputFile:
    """A file as a process has it that goes on from a state."""
    file = OutputFile(str(path), what="lines", sleep=lambda _: None)
    if state is not None:
        file.load_state_dict(json.loads(json.dumps(state)))
    return file


def put(file: OutputFile, *lines: str) -> dict[str, Any]:
    """Write lines, and return the state after them."""
    file.append(line.encode() for line in lines)
    assert file.settle(0)
    return file.state_dict()


def written(path: Path) -> list[str]:
    return path.read_text().splitlines()


def killed_after(path: Path, kept: int, lost: int) -> dict[str, Any]:
    """Leave a file as a killed process does: its newest checkpoint, lines since then, and half of one."""
    file = output(path)
    state = put(file, *(f"kept {n}" for n in range(kept)))
    put(file, *(f"lost {n}" for n in range(lost)))
    file.close()
    with path.open("a") as torn:
        torn.write("hal")
    return state


@pytest.mark.parametrize("kept", [0, 1, 900])
def test_what_came_after_the_checkpoint_is_cut_off(path: Path, kept: int) -> None:
    state = killed_after(path, kept, 5)
    file = output(path, state)
    put(file, "new")
    file.close()
    assert written(path) == [*(f"kept {n}" for n in range(kept)), "new"]


@pytest.mark.parametrize("kept", [0, 3])
def test_an_unrelated_file_under_a_new_path_is_never_cut(
    path: Path, tmp_path: Path, kept: int, caplog: pytest.LogCaptureFixture
) -> None:
    state = killed_after(path, kept, 2)
    other = tmp_path / "other"
    content = "an unrelated line\n" * 1_000
    other.write_text(content)
    file = output(other, state)
    put(file, "new")
    file.close()
    assert other.read_text() == content + "new\n"
    assert "other is not the file that the checkpoint knows" in caplog.text


@pytest.mark.parametrize("kept", [0, 3])
def test_a_file_that_took_the_place_of_the_known_one_is_never_cut(path: Path, kept: int) -> None:
    state = killed_after(path, kept, 2)
    held = path.open("rb")  # so that no other file gets its inode
    path.unlink()
    path.write_text("another\n" * 100)
    file = output(path, state)
    put(file, "new")
    file.close()
    held.close()
    assert written(path) == ["another"] * 100 + ["new"]


def test_a_copy_from_a_backup_is_not_cut_and_said_so(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    state = killed_after(path, 3, 2)
    shutil.copy(path, path.with_name("backup"))
    path.with_name("backup").rename(path)
    file = output(path, state)
    put(file, "lost 0")
    file.close()
    assert written(path) == ["kept 0", "kept 1", "kept 2", "lost 0", "lost 1", "hal", "lost 0"]
    assert "may be there twice" in caplog.text


def test_a_known_file_under_a_new_name_is_cut_as_before(path: Path, tmp_path: Path) -> None:
    state = killed_after(path, 3, 2)
    path.rename(tmp_path / "renamed")
    file = output(tmp_path / "renamed", state)
    put(file, "new")
    file.close()
    assert written(tmp_path / "renamed") == ["kept 0", "kept 1", "kept 2", "new"]


def test_the_state_of_an_earlier_release_or_of_another_sink_cuts_nothing(path: Path) -> None:
    path.write_text("a\nb\n")
    unknown = {"path": None, "inode": None, "fingerprint": None, "bytes": 2}
    for number, state in enumerate((unknown, {"writer": "w", "topic": "t", "ends": {}}, {})):
        file = output(path, state)
        put(file, "new")
        file.close()
        assert written(path) == ["a", "b", *["new"] * (number + 1)]


def test_a_file_that_is_shorter_than_the_checkpoint_says_is_appended_to(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    state = killed_after(path, 9, 0)
    path.write_text("")
    file = output(path, state)
    put(file, "new")
    file.close()
    assert written(path) == ["new"]
    assert "has 0 bytes, the checkpoint says 63" in caplog.text


def test_after_a_file_was_moved_away_the_next_lines_begin_a_new_one(path: Path) -> None:
    file = output(path)
    put(file, "1")
    path.rename(path.with_name("old"))
    put(file, "2")
    state = put(file, "3")
    put(file, "4")
    file.close()
    assert written(path.with_name("old")) == ["1", "2"]
    again = output(path, state)
    put(again, "5")
    again.close()
    assert written(path) == ["3", "5"]


def test_what_a_full_disk_does_not_take_is_written_once_when_there_is_room(small_disk: Path) -> None:
    path, ballast = small_disk / "out", small_disk / "ballast"
    file = output(path)
    state = put(file, "first")
    ballast.write_bytes(b"x" * 800_000)
    large = ["y" * 100_000] * 5
    file.append(line.encode() for line in large)
    assert file.full
    assert not file.settle(0)
    assert "lines cannot be written: [Errno 28] No space left on device" in file.trouble
    file.append([b"later"])
    assert written(path) == ["first"]
    ballast.unlink()
    assert file.settle(0)
    assert (file.trouble, file.full) == ("", False)
    file.close()
    assert written(path) == ["first", *large, "later"]
    again = output(path, state)
    put(again, "again")
    again.close()
    assert written(path) == ["first", "again"]


def test_a_pipe_that_nobody_reads_is_waited_for_and_gets_each_line_once(path: Path) -> None:
    os.mkfifo(path)
    lines = [b"%d" % number * 100 for number in range(1_000)]
    file = output(path)
    file.append(lines)
    assert file.full
    assert not file.settle(0)
    assert f"nobody reads {path}, and it is full" in file.trouble
    reader, read = os.open(path, os.O_RDONLY | os.O_NONBLOCK), b""
    while not file.settle(0):
        read += os.read(reader, 1 << 16)
    read += os.read(reader, 1 << 20)
    file.close()
    os.close(reader)
    assert read == b"".join(line + b"\n" for line in lines)


def test_a_process_that_comes_to_no_line_cuts_nothing(path: Path) -> None:
    """It may have been told to go back too far: the state that knows these lines can still be put back."""
    state = killed_after(path, 3, 2)
    before = path.read_bytes()
    file = output(path, state)
    assert file.settle(0)
    assert file.state_dict() == state
    file.close()
    assert path.read_bytes() == before
    put(again := output(path, state), "new")
    again.close()
    assert written(path) == ["kept 0", "kept 1", "kept 2", "new"]


def test_what_was_written_is_written_again_after_an_fsync_that_failed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = output(path)
    put(file, "1")
    file.append([b"2"])

    def broken(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", broken)
        assert not file.settle(0)
    assert "Input/output error" in file.trouble
    assert written(path) == ["1"]
    assert file.settle(0)
    file.close()
    assert written(path) == ["1", "2"]


def test_devices_take_lines_or_tell_why_not() -> None:
    nowhere, full = (OutputFile(path, what="lines", sleep=lambda _: None) for path in ("/dev/null", "/dev/full"))
    put(nowhere, "1")
    full.append([b"1"])
    assert not full.settle(0)
    assert "No space left on device" in full.trouble
    nowhere.close()
    full.close()


def test_a_folder_that_is_missing_is_waited_for(tmp_path: Path) -> None:
    file = output(tmp_path / "later" / "out")
    file.append([b"1"])
    assert not file.settle(0)
    assert "No such file or directory" in file.trouble
    (tmp_path / "later").mkdir()
    put(file, "2")
    file.close()
    assert written(tmp_path / "later" / "out") == ["1", "2"]
