"""Files that rotate have each line once, whatever killed the process, and wherever in a rotation."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest import mock

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.files.output_file import OutputFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

MAX_BYTES, KEEP = 100, 2


class Killed(BaseException):
    """The process is gone."""


@contextmanager
def killed_at(step: int | None) -> Iterator[None]:
    """Within it, the process is killed at this call that changes the disk; a write is then torn."""
    left = step

    def counted(real: Callable[..., Any], *, torn: bool = False) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal left
            if left is not None:
                left -= 1
                if left < 0:
                    if torn:
                        real(args[0], args[1][: len(args[1]) // 2])
                    raise Killed
            return real(*args, **kwargs)

        return call

    with (
        mock.patch.object(os, "write", counted(os.write, torn=True)),
        mock.patch.object(os, "ftruncate", counted(os.ftruncate)),
        mock.patch.object(os, "fsync", counted(lambda _: None)),
        mock.patch.object(Path, "rename", counted(Path.rename)),
        mock.patch.object(Path, "unlink", counted(Path.unlink)),
        suppress(Killed),
    ):
        yield


@dataclass
class Process:
    """What writes lines 0, 1, 2 … and goes on from its newest checkpoint whenever it was killed."""

    path: Path
    keep: int = KEEP
    at: int = 0
    saved_at: int = 0
    state: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.file = self._opened()
        self.save()

    def _opened(self) -> OutputFile:
        return OutputFile(str(self.path), what="lines", max_bytes=MAX_BYTES, keep=self.keep, sleep=lambda _: None)

    def put(self, widths: list[int]) -> None:
        lines = [f"{self.at + number}".ljust(width, "x").encode() for number, width in enumerate(widths)]
        self.at += len(lines)
        self.file.append(lines)

    def save(self) -> None:
        assert self.file.settle(0)
        self.state, self.saved_at = json.loads(json.dumps(self.file.state_dict())), self.at
        self.file.saved(self.state)

    def kill(self) -> None:
        if self.file._descriptor is not None:
            os.close(self.file._descriptor)
        self.file, self.at = self._opened(), self.saved_at
        self.file.load_state_dict(self.state)

    def files(self) -> list[Path]:
        older = sorted(self.path.parent.glob("out.*"), key=lambda each: -int(each.suffix[1:]))
        return [*older, self.path]

    def lines(self) -> list[int]:
        text = "".join(each.read_text() for each in self.files())
        return [int(line.rstrip("x")) for line in text.splitlines()]


WIDTHS = st.lists(st.integers(3, 40) | st.just(150), max_size=12)
STEPS = st.lists(st.tuples(WIDTHS, st.booleans(), st.none() | st.integers(0, 25)), min_size=1, max_size=12)


@given(STEPS, st.sampled_from([KEEP, 99]))
@settings(max_examples=60)
def test_each_line_is_there_once_and_in_order_whatever_kills_it_wherever(
    steps: list[tuple[list[int], bool, int | None]], keep: int
) -> None:
    with TemporaryDirectory() as folder:
        process = Process(Path(folder, "out"), keep=keep)
        for widths, saves, step in steps:
            with killed_at(step):
                process.put(widths)
                if saves:
                    process.save()
                continue
            process.kill()
        process.put([5])
        process.save()
        process.file.close()
        lines, older = process.lines(), process.files()[:-1]
        assert lines == list(range(process.at - len(lines), process.at))
        assert len(older) <= keep
        assert keep == KEEP or len(lines) == process.at
        assert all(
            each.stat().st_size <= MAX_BYTES or each.read_text().count("\n") == 1 for each in process.files()
        )


def test_what_a_checkpoint_may_need_is_kept_however_often_it_rotates_before_the_next(tmp_path: Path) -> None:
    process = Process(tmp_path / "out")
    process.put([50] * 3)
    process.save()
    process.put([50] * 20)
    assert len(process.files()) > KEEP + 2
    process.kill()
    process.put([50] * 2)
    process.save()
    assert process.lines() == [2, 3, 4]
    assert len(process.files()) == KEEP + 1


def test_a_process_that_comes_to_no_line_leaves_rotated_files_as_they_are(tmp_path: Path) -> None:
    process = Process(tmp_path / "out")
    process.put([50] * 5)
    process.kill()
    before = [(each, each.read_bytes()) for each in process.files()]
    assert process.file.settle(0)
    assert process.file.state_dict() == process.state
    assert [(each, each.read_bytes()) for each in process.files()] == before


def test_a_file_that_logrotate_has_moved_is_found_again_after_a_kill(tmp_path: Path) -> None:
    process = Process(tmp_path / "out")
    process.put([20, 20])
    process.save()
    process.path.rename(tmp_path / "out.1")
    assert process.file.settle(0)  # as on SIGUSR1
    process.put([20])
    assert [each.stat().st_size for each in process.files()] == [42, 21]
    process.kill()
    process.put([20])
    process.save()
    assert process.lines() == [0, 1, 2]


def test_an_unrelated_file_with_such_a_name_is_neither_cut_nor_taken(tmp_path: Path) -> None:
    (tmp_path / "out.1").write_text("7\n" * 60)
    process = Process(tmp_path / "out")
    process.put([50])
    process.kill()
    process.put([50])
    process.save()
    assert process.lines() == [7] * 60 + [0]


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there/out")
    file = OutputFile(str(tmp_path / "link"), what="lines", max_bytes=MAX_BYTES, keep=9, sleep=lambda _: None)
    file.append([b"x" * 60] * 3)
    file.close()
    assert sorted(each.name for each in (tmp_path / "there").iterdir()) == ["out", "out.1", "out.2"]
    assert (tmp_path / "link").is_symlink()


def test_a_full_disk_in_a_rotation_loses_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = Process(tmp_path / "out")

    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        process.put([50] * 3)
        assert not process.file.settle(0)
        assert "No space left" in process.file.trouble
    process.save()
    assert process.lines() == [0, 1, 2]
    assert all(one.stat().st_size for one, _ in pairwise(process.files()))
