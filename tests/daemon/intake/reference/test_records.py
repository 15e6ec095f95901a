from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.files.source import FileSource
from connectors.files.source_options import FileSourceOptions
from connectors.memory_source import END, MemorySource
from connectors.source import PartitionStatus, SourceDataError, SourceStatus, SourceUnavailableError
from daemon.intake.reference.records import records_up_to_now
from tests.daemon.intake.reference.before import before, write

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors.record import LocalRecord
    from connectors.source import Source


def numbers(source: Source, *, most: int = 1000, wait_seconds: float = 1.0) -> list[int]:
    groups = records_up_to_now(source, most=most, wait_seconds=wait_seconds, monotonic=Watch())
    return [record.offset for group in groups for record in group]


class Watch:
    """A second passes with every look."""

    def __init__(self) -> None:
        self._now = 0.0

    def __call__(self) -> float:
        self._now += 1.0
        return self._now


class Closing(MemorySource):
    closed = False

    def close(self) -> None:
        self.closed = True


class Silent(Closing):
    """Has more than it gives."""

    def __init__(self, items: Sequence[LocalRecord], *, reason: str) -> None:
        super().__init__(items)
        self._reason = reason

    def status(self) -> SourceStatus:
        partitions = [] if self._reason else [PartitionStatus("before", 0, len(self._items), 99, 0.0)]
        return SourceStatus(ready=not self._reason, reason=self._reason, partitions=partitions)


def test_a_source_is_read_to_its_end_and_closed() -> None:
    source = Closing([*before(700), END])
    assert numbers(source) == list(range(700))
    assert source.closed


def test_a_source_that_never_ends_is_read_up_to_the_end_that_it_has_now() -> None:
    source = Closing(before(30))
    assert not source.exhausted
    assert numbers(source) == list(range(30))
    assert source.closed


def test_no_more_records_are_read_than_wanted() -> None:
    source = Closing(before(700))
    assert numbers(source, most=600) == list(range(600))
    assert source.snapshot() == {"at": 600}
    assert source.closed


def test_files_are_read_one_after_another(tmp_path: Path) -> None:
    write(tmp_path / "one.jsonl", before(3))
    write(tmp_path / "two.jsonl", before(4))
    assert numbers(FileSource(FileSourceOptions(path=str(tmp_path / "*.jsonl")))) == list(range(7))


def test_a_file_that_is_read_again_and_again_ends_where_enough_was_read(tmp_path: Path) -> None:
    path = write(tmp_path / "one.jsonl", before(3))
    assert numbers(FileSource(FileSourceOptions(path=str(path), loop=True)), most=8) == list(range(8))


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("no broker has answered yet", r"reference\.source: no broker has answered yet, for 3 s"),
        ("", r"reference\.source: it has more, but nothing comes, for 3 s"),
    ],
)
def test_a_source_that_cannot_be_read_is_given_up(reason: str, words: str) -> None:
    source = Silent(before(5), reason=reason)
    with pytest.raises(SourceUnavailableError, match=words):
        numbers(source, wait_seconds=3.0)
    assert source.closed


def test_a_missing_file_is_said_to_be_that_of_the_reference(tmp_path: Path) -> None:
    with pytest.raises(SourceDataError, match=r"reference: .*there is no such file"):
        numbers(FileSource(FileSourceOptions(path=str(tmp_path / "none.csv"))))
