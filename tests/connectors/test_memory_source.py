from __future__ import annotations

import pytest

from connectors.memory_source import CRASH, END, MemorySource, SimulatedCrash
from connectors.record import LocalRecord

A, B, C = (LocalRecord("t", 0, n, -1, None, b"", []) for n in range(3))


def test_what_comes_before_a_crash_is_delivered_and_the_crash_happens_once() -> None:
    source = MemorySource([A, CRASH, B, CRASH, C, END])
    source.open(None)
    start = source.snapshot()
    assert source.poll(9, 0.0) == [A]
    with pytest.raises(SimulatedCrash):
        source.poll(9, 0.0)
    source.open(start)
    assert source.poll(9, 0.0) == [A, B]
    with pytest.raises(SimulatedCrash):
        source.poll(9, 0.0)
    source.open(start)
    assert source.poll(9, 0.0) == [A, B, C]
    assert source.exhausted


def test_after_an_end_a_restart_goes_on_behind_it() -> None:
    source = MemorySource([END, A, END, B])
    source.open(None)
    assert source.exhausted
    source.open(source.snapshot())
    assert source.poll(9, 0.0) == [A]
    source.open(source.snapshot())
    assert source.poll(9, 0.0) == [B]
    assert not source.exhausted


def test_poll_sizes_group_the_same_records_differently() -> None:
    source = MemorySource([A, B, C], poll_sizes=(2, 1))
    source.open(None)
    assert [source.poll(9, 0.0) for _ in range(3)] == [[A, B], [C], []]
