"""What refers to itself is freed within a minute, however seldom Python looks by itself."""

from __future__ import annotations

import gc
import weakref

from daemon.process.cycles import EVERY_SECONDS, Cycles


class Node:
    def __init__(self) -> None:
        self.itself = self


def test_cycles_are_freed_once_a_minute() -> None:
    now = 0.0
    cycles = Cycles(clock=lambda: now)
    gc.disable()
    try:
        seen = weakref.ref(Node())
        now = EVERY_SECONDS - 1
        assert not cycles.free_if_due()
        assert seen() is not None
        now = EVERY_SECONDS
        assert cycles.free_if_due()
        assert seen() is None
        assert not cycles.free_if_due()
    finally:
        gc.enable()
