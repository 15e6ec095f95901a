"""What every source that needs no broker promises, tried on each entry of the table."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from connectors import SOURCES
from connectors.memory_source import END, MemorySource
from connectors.record import LocalRecord

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from connectors.source import Source

EXEMPT = {"kafka"}  # has its own tests against a real broker
ONE_PARTITION = [LocalRecord("memory", 0, n, -1, None, b"%d" % n, []) for n in range(2_500)]
LIMIT = 2_500


class SteppedTime:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


def _table_source(name: str, options: dict[str, Any], **collaborators: Any) -> Source:
    source: Source = SOURCES[name](SOURCES[name].Options(**options), **collaborators)
    return source


def _files(folder: Path) -> dict[str, Any]:
    lines = [b"%d" % n for n in range(LIMIT)]
    (folder / "a.csv").write_bytes(b"\n".join(lines[:1_000]) + b"\n")
    (folder / "b.csv.gz").write_bytes(gzip.compress(b"\n\n".join(lines[1_000:])))
    return {"path": str(folder / "*.csv*")}


OPTIONS: dict[str, Callable[[Path], dict[str, Any]]] = {
    "file": _files,
    "file looping": lambda folder: {**_files(folder), "loop": True},
    "plant": lambda _: {"events": LIMIT, "seed": 3},
    "hyperplane": lambda _: {"events": LIMIT, "turns_per_million": 10.0, "concepts": 3, "change_every": 300},
    "hyperplane endless": lambda _: {},
}


@pytest.fixture(params=[*OPTIONS, "memory"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Source]:
    """Return a function that makes the source anew, as a restarted process does."""
    if request.param == "memory":
        return lambda: MemorySource([*ONE_PARTITION, END])
    options = OPTIONS[request.param](tmp_path)
    return lambda **collaborators: _table_source(request.param.partition(" ")[0], options, **collaborators)


def _read(source: Source, polls: list[int]) -> list[Any]:
    return [record for size in polls for record in source.poll(size, 0.0)]


def test_every_source_has_options_here_or_tests_elsewhere() -> None:
    assert {name.partition(" ")[0] for name in OPTIONS} | EXEMPT == set(SOURCES)


def test_a_restart_at_any_snapshot_goes_on_with_the_very_next_record(make: Callable[..., Source]) -> None:
    sizes = np.random.Generator(np.random.PCG64(5)).integers(1, 400, 8).tolist()
    whole = make()
    whole.open(None)
    expected = _read(whole, [sum(sizes)])
    whole.close()
    for cut in range(len(sizes)):
        first, second = make(), make()
        first.open(None)
        before = _read(first, sizes[:cut])
        snapshot = json.loads(json.dumps(first.snapshot()))
        _read(first, [7])  # what was delivered after the snapshot is delivered again
        first.close()
        second.open(snapshot)
        assert second.snapshot() == snapshot
        second.commit(snapshot)
        assert before + _read(second, sizes[cut:]) == expected
        second.close()


def test_a_poll_respects_its_limit_and_offsets_grow(make: Callable[..., Source]) -> None:
    source = make()
    source.open(None)
    polls = [source.poll(size, 0.0) for size in (1, 3, 999, 2)]
    assert [len(records) for records in polls] == [1, 3, 999, 2]
    offsets = [record.offset for records in polls for record in records]
    assert offsets == list(range(1_005))
    source.close()


def test_a_poll_for_nothing_reads_nothing(make: Callable[..., Source]) -> None:
    source = make()
    source.open(None)
    before = source.snapshot()
    assert [list(source.poll(size, 0.0)) for size in (0, 0)] == [[], []]
    assert (source.snapshot(), source.exhausted) == (before, False)
    assert [record.offset for record in source.poll(2, 0.0)] == [0, 1]
    source.close()


def test_a_source_that_ends_says_so_and_delivers_nothing_more(make: Callable[..., Source]) -> None:
    source = make()
    source.open(None)
    delivered = len(_read(source, [1_000] * 3))
    ended = delivered == LIMIT
    assert ended or delivered == 3_000
    assert len(source.poll(10, 0.0)) == (0 if ended else 10)
    assert source.exhausted == ended
    snapshot = source.snapshot()
    source.close()
    again = make()
    again.open(snapshot)
    assert len(again.poll(10, 0.0)) == (0 if ended else 10)
    assert again.exhausted == ended
    again.close()


def test_status_knows_the_position_and_close_may_be_called_twice(make: Callable[..., Source]) -> None:
    source = make()
    source.open(None)
    source.poll(10, 0.0)
    status = source.status()
    assert status.ready
    assert [partition.position for partition in status.partitions] == [10]
    source.close()
    source.close()


@pytest.mark.parametrize("name", sorted(OPTIONS))
def test_rate_paces_the_stream_without_busy_waiting(name: str, tmp_path: Path) -> None:
    time = SteppedTime()
    options = {**OPTIONS[name](tmp_path), "rate": 50.0}
    source = _table_source(name.partition(" ")[0], options, monotonic=time, sleep=time.sleep)
    source.open(None)
    polls = 0
    delivered = 0
    while time.now < 110.0 and polls < 2_000:
        delivered += len(source.poll(1_000, 0.25))
        polls += 1
    assert delivered == pytest.approx(500, abs=2)
    assert polls <= 1_010
    assert source.poll(1_000, 0.0) == []
    source.close()
