"""Looks for cycles of Python objects seldom, so that it costs nothing, and often enough that none pile up."""

from __future__ import annotations

import gc
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY_SECONDS = 60.0


def spare_events() -> None:
    """Let Python look for cycles seldom by itself, and never at what was there from the start.

    Events are freed by their reference count; looking for cycles among tens of thousands of them takes a tenth of
    the loop's time.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


class Cycles:
    """Frees them once a minute: what reloads, closed connections and errors leave would pile up otherwise."""

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._freed = clock()

    def free_if_due(self) -> bool:
        """Free all cycles that nothing refers to, if it is time; return whether it was."""
        now = self._clock()
        if now - self._freed < EVERY_SECONDS:
            return False
        self._freed = now
        gc.collect()
        return True
