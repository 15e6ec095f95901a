"""However files grow, move and are replaced, each line is delivered once."""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from connectors.files.source import FileSource
from connectors.files.source_options import FileSourceOptions
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from collections.abc import Sequence


class SteppedTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def source_of(path: Any, time: SteppedTime | None = None, **options: Any) -> FileSource:
    time = time or SteppedTime()
    return FileSource(FileSourceOptions(path=path, **options), monotonic=time, sleep=time.sleep)


class Reading:
    """Reads as a daemon does: what was not in a checkpoint is delivered again."""

    def __init__(self, path: Any, **options: Any) -> None:
        self._path, self._options = path, options
        self.time = SteppedTime()
        self.source = source_of(path, self.time, **options)
        self.saved: dict[str, Any] | None = None
        self.kept: list[str] = []
        self._since: list[str] = []

    def start(self) -> None:
        """Begin, or begin again at the newest checkpoint."""
        self.source.close()
        self._since = []
        self.source = source_of(self._path, self.time, **self._options)
        self.source.open(self.saved)

    def poll(self, limit: int = 1_000) -> int:
        records = self.source.poll(limit, 0.5)
        self._since += [(record.value or b"").decode() for record in records]
        return len(records)

    def save(self) -> None:
        self.saved = json.loads(json.dumps(self.source.snapshot()))
        self.kept += self._since
        self._since = []

    def run_to_the_end(self) -> list[str]:
        """Run as a process of its own does; return all lines that were ever delivered and saved."""
        self.start()
        while not self.source.exhausted:
            self.poll()
        self.save()
        self.source.close()
        return self.kept

    def settle(self) -> list[str]:
        """Poll until nothing has come for a while; return the same."""
        quiet = 0
        while quiet < 10:
            quiet = 0 if self.poll() else quiet + 1
        self.save()
        return self.kept


def write(path: Path, *lines: str, mode: str = "a") -> None:
    with path.open(mode) as file:
        file.writelines(f"{line}\n" for line in lines)


# A list that was read to its end.


def test_a_file_that_is_added_is_read_wherever_it_sorts_and_no_other_is_read_again(tmp_path: Path) -> None:
    for name in "29":
        write(tmp_path / f"{name}.jsonl", f"{name}a", f"{name}b")
    reading = Reading(str(tmp_path / "*.jsonl"))
    assert reading.run_to_the_end() == ["2a", "2b", "9a", "9b"]
    write(tmp_path / "10.jsonl", "10a")
    assert reading.run_to_the_end()[4:] == ["10a"]
    write(tmp_path / "2.jsonl", "2c")
    write(tmp_path / "99.jsonl", "99a")
    assert reading.run_to_the_end()[5:] == ["2c", "99a"]
    assert reading.run_to_the_end()[7:] == []


def test_what_comes_while_the_list_is_read_is_read_at_its_end(tmp_path: Path) -> None:
    write(tmp_path / "b", "b1", "b2")
    reading = Reading(str(tmp_path / "*"))
    reading.start()
    reading.poll(1)
    write(tmp_path / "a", "a1")
    write(tmp_path / "b", "b3")
    while not reading.source.exhausted:
        reading.poll(1)
    reading.save()
    assert reading.kept == ["b1", "b2", "b3", "a1"]


def test_files_that_are_alike_are_all_read_though_earlier_ones_are_gone(tmp_path: Path) -> None:
    reading = Reading(str(tmp_path / "*"))
    write(tmp_path / "4", "kept")
    for number in range(4):
        write(tmp_path / f"{number}", "same", "same")
        reading.run_to_the_end()
        (tmp_path / f"{number}").unlink()
    assert sorted(reading.kept) == ["kept", *["same"] * 8]


def test_a_file_that_was_replaced_after_its_end_is_another_file(tmp_path: Path) -> None:
    path = tmp_path / "latest"
    reading = Reading(str(path))
    for lines in (["a", "b"], ["c", "d"], ["e"], ["f", "g", "h"]):
        write(path, *lines, mode="w")
        reading.run_to_the_end()
    assert reading.kept == list("abcdefgh")


def test_a_path_that_is_listed_twice_is_read_twice_and_grows_twice(tmp_path: Path) -> None:
    for name in "ab":
        write(tmp_path / name, name)
    reading = Reading([str(tmp_path / name) for name in "aba"])
    assert reading.run_to_the_end() == ["a", "b", "a"]
    write(tmp_path / "a", "A")
    assert reading.run_to_the_end()[3:] == ["A", "A"]


def test_a_restored_copy_is_known_by_its_bytes(tmp_path: Path) -> None:
    write(tmp_path / "a", *map(str, range(9)))
    reading = Reading(str(tmp_path / "a"))
    reading.start()
    reading.poll(5)
    reading.save()
    shutil.copy(tmp_path / "a", tmp_path / "backup")
    (tmp_path / "a").unlink()
    (tmp_path / "backup").rename(tmp_path / "a")
    assert reading.run_to_the_end() == [str(n) for n in range(9)]
    shutil.copy(tmp_path / "a", tmp_path / "backup")
    (tmp_path / "backup").rename(tmp_path / "a")
    assert reading.run_to_the_end() == [str(n) for n in range(9)]


def test_what_was_rotated_away_between_two_runs_is_read_to_its_end_first(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    reading = Reading(str(path))
    write(path, "1", "2")
    reading.run_to_the_end()
    write(path, "3")
    path.rename(tmp_path / "events.jsonl.1")
    write(path, "4")
    assert reading.run_to_the_end() == ["1", "2", "3", "4"]


def test_a_file_that_was_renamed_within_the_list_is_not_read_again_though_another_has_its_name(
    tmp_path: Path,
) -> None:
    reading = Reading(str(tmp_path / "events*"))
    write(tmp_path / "events", "1", "2")
    for number in (3, 4, 5):
        reading.run_to_the_end()
        for older in sorted(tmp_path.iterdir(), reverse=True):
            older.rename(tmp_path / f"events.{int(older.suffix[1:] or 0) + 1}")
        write(tmp_path / "events", str(number))
    assert reading.run_to_the_end() == ["1", "2", "3", "4", "5"]


@pytest.mark.parametrize("how", ["gone", "replaced", "cut"])
def test_a_lost_rest_is_a_reason_to_stop_unless_it_may_be_lost(tmp_path: Path, how: str) -> None:
    write(tmp_path / "a", "1", "2", "3")
    write(tmp_path / "b", "4")
    for policy in ("fail", "skip"):
        reading = Reading(str(tmp_path / "*"), on_lost_rest=policy)
        reading.start()
        reading.poll(2)
        reading.save()
        reading.source.close()
        kept = (tmp_path / "a").read_bytes()
        if how == "gone":
            (tmp_path / "a").unlink()
        else:
            (tmp_path / "a").write_bytes(b"new\n" * 9 if how == "replaced" else kept[:2])
        if policy == "fail":
            with pytest.raises(SourceDataError, match=r"2 records of .*a, whose rest is no longer there.*skip"):
                reading.start()
            (tmp_path / "a").write_bytes(kept)
        else:
            expected = {"gone": [], "replaced": ["new"] * 9, "cut": ["1"]}[how]
            assert reading.run_to_the_end()[2:] == [*expected, "4"]


# Half a line.


def test_a_last_line_without_an_end_is_a_record_and_its_end_is_none(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one\r\ntwo")
    reading = Reading(str(path))
    assert reading.run_to_the_end() == ["one", "two"]
    for end in (b"\r", b"\n", b"three\n"):
        with path.open("ab") as file:
            file.write(end)
        reading.run_to_the_end()
    assert reading.kept == ["one", "two", "three"]


def test_a_line_that_was_taken_before_it_was_whole_comes_again_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "a"
    path.write_bytes(b'{"x": 1}\n{"x"')
    reading = Reading(str(path))
    reading.run_to_the_end()
    with path.open("ab") as file:
        file.write(b': 2}\n{"x": 3}\n')
    assert reading.run_to_the_end() == ['{"x": 1}', '{"x"', '{"x": 2}', '{"x": 3}']
    assert "record 1 was delivered before its line had an end" in caplog.text


def test_a_file_that_is_followed_gives_no_half_line_and_is_never_at_its_end(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one\ntw")
    reading = Reading(str(path), follow=True)
    reading.start()
    assert reading.settle() == ["one"]
    status = reading.source.status()
    assert status.ready
    assert [part.lag for part in status.partitions] == [0]
    with path.open("ab") as file:
        file.write(b"o\nth")
    reading.start()
    assert reading.settle() == ["one", "two"]
    assert not reading.source.exhausted
    reading.source.close()


# Followed as `tail -F` does.


def test_a_file_that_is_not_there_yet_is_waited_for_and_said_so(tmp_path: Path) -> None:
    reading = Reading([str(tmp_path / "a"), str(tmp_path / "b*")], follow=True)
    reading.start()
    assert reading.settle() == []
    assert (reading.source.status().ready, reading.source.status().reason) == (
        False,
        "there is no file to follow yet",
    )
    write(tmp_path / "b1", "1")
    assert reading.settle() == ["1"]
    assert reading.source.status().ready
    reading.source.close()


def test_a_rotated_file_is_read_to_its_end_then_the_new_one(tmp_path: Path) -> None:
    path = tmp_path / "a.log"
    reading = Reading(str(path), follow=True)
    write(path, "1")
    reading.start()
    reading.settle()
    late = path.open("a")
    path.rename(tmp_path / "a.log.1")
    write(path, "4")
    reading.poll()
    late.write("2\n3")
    late.close()
    (tmp_path / "a.log.1").unlink()
    assert reading.settle() == ["1", "2", "3", "4"]
    reading.source.close()


def test_a_file_that_was_emptied_is_read_from_its_start(tmp_path: Path) -> None:
    path = tmp_path / "a"
    reading = Reading(str(path), follow=True)
    write(path, "1", "2")
    reading.start()
    reading.settle()
    write(path, "3", mode="w")
    assert reading.settle() == ["1", "2", "3"]
    reading.source.close()


def test_following_and_looping_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="give only one of them"):
        FileSourceOptions(path="a", follow=True, loop=True)


# All of it in any order.


class Files(RuleBasedStateMachine):
    """Writers that add, extend, rename, rotate and replace files, and a reader that is killed now and then."""

    follow = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.reading = Reading(str(self.folder / "*"), follow=self.follow)
        self.written: list[str] = []
        self.files: list[Path] = []
        self.names = 0
        self.settled = False

    def teardown(self) -> None:
        self.reading.source.close()
        shutil.rmtree(self.folder)

    def _write(self, path: Path, count: int, mode: str = "a") -> None:
        lines = [f"{len(self.written) + n}" for n in range(count)]
        self.written += lines
        self.settled = False
        write(path, *lines, mode=mode)

    def _one(self, pick: int) -> Path:
        return self.files[pick % len(self.files)]

    def _new_name(self) -> Path:
        self.names += 1
        return self.folder / f"{self.names * 7 % 10}-{self.names}"

    @rule(count=st.integers(0, 4))
    def add(self, count: int) -> None:
        path = self._new_name()
        self._write(path, count)
        self.files.append(path)

    @precondition(lambda self: self.files)
    @rule(pick=st.integers(0, 99), count=st.integers(1, 3))
    def extend(self, pick: int, count: int) -> None:
        self._write(self._one(pick), count)

    @precondition(lambda self: self.files)
    @rule(pick=st.integers(0, 99))
    def rename(self, pick: int) -> None:
        path = self._one(pick)
        self.files[self.files.index(path)] = path.rename(self._new_name())

    @precondition(lambda self: self.files)
    @rule(pick=st.integers(0, 99), count=st.integers(1, 3))
    def rotate(self, pick: int, count: int) -> None:
        path = self._one(pick)
        self.files.append(path.rename(self._new_name()))
        self._write(path, count)

    @precondition(lambda self: self.files and self.settled)
    @rule(pick=st.integers(0, 99), count=st.integers(1, 3))
    def replace(self, pick: int, count: int) -> None:
        self._write(self._one(pick), count, mode="w")

    @rule(polls=st.lists(st.integers(1, 4), max_size=3))
    @precondition(lambda self: self.files)
    def live_and_die(self, polls: Sequence[int]) -> None:
        self.reading.start()
        for limit in polls:
            self.reading.poll(limit)
            self.reading.save()
        self.reading.poll(2)

    @precondition(lambda self: self.files)
    @rule()
    def read_all(self) -> None:
        if self.follow:
            self.reading.start()
            self.reading.settle()
        else:
            self.reading.run_to_the_end()
        assert sorted(self.reading.kept, key=int) == self.written
        self.settled = True

    @invariant()
    def nothing_twice(self) -> None:
        assert len(set(self.reading.kept)) == len(self.reading.kept)


class FollowedFiles(Files):
    """The same where files are followed."""

    follow = True


TestFiles = Files.TestCase
TestFiles.settings = settings(max_examples=60, stateful_step_count=15, deadline=None)
TestFollowedFiles = FollowedFiles.TestCase
TestFollowedFiles.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
