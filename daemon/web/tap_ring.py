"""The newest lines of a tap, for however many watch it: none of them has anything of his own here."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import NamedTuple

KEPT = 256


class Lines(NamedTuple):
    """What somebody who has seen ``after`` lines is given."""

    lines: list[bytes]
    """JSON, each."""
    next: int
    """What to ask after next time."""
    missed: int
    """Lines that came meanwhile and are not kept any more."""


class TapRing:
    """Keeps ``KEPT`` lines; used on one event loop."""

    def __init__(self) -> None:
        self._lines: deque[bytes] = deque(maxlen=KEPT)
        self._count = 0
        self._more = asyncio.Event()
        self._ended = False

    def end(self) -> None:
        """Let nobody wait any more: nothing will come."""
        self._ended = True
        self._more.set()

    def clear(self) -> None:
        """Keep none of the lines: whoever has not seen them has missed them."""
        self._lines.clear()

    def add(self, line: bytes) -> None:
        """Take a line, and wake whoever waits."""
        self._lines.append(line)
        self._count += 1
        self._more.set()

    async def after(self, seen: int | None, *, wait_seconds: float) -> Lines:
        """Return what came after the first ``seen`` lines, waiting that long for one; None: from now on.

        Whoever has seen more than there are, in the life of another process, begins anew.
        """
        begin = self._count if seen is None or seen > self._count else seen
        if begin == self._count and not self._ended:
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), wait_seconds)
            except TimeoutError:
                return Lines([], self._count, missed=0)
        first = max(begin, self._count - len(self._lines))
        kept = list(self._lines)[first - self._count + len(self._lines) :]
        return Lines(kept, self._count, missed=first - begin)
