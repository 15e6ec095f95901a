from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.arena.streams import STREAMS, ArenaStream
from tests.benchmarks.arena.streams_by_hand import classes_by_sign, numbers

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.arena.table import Table


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """In place of the arena's streams one of classes and one of numbers, of a hundred rows."""

    def read_classes(data: Path, *, limit: int, seed: int) -> Table:
        assert str(data) == "nowhere"
        return classes_by_sign(min(limit, 100), seed=seed)

    def read_numbers(data: Path, *, limit: int) -> Table:
        assert str(data) == "nowhere"
        return numbers(min(limit, 100))

    for name in list(STREAMS):
        monkeypatch.delitem(STREAMS, name)
    monkeypatch.setitem(STREAMS, "sign", ArenaStream(summary="a sign", read_drawn=read_classes, classes=2))
    monkeypatch.setitem(STREAMS, "plane", ArenaStream(summary="a plane", read_ordered=read_numbers))
