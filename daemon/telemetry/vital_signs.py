"""That the loop turns and whether it is ready, in memory that another process may look into."""

from __future__ import annotations

import struct
import time
import zlib
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Memory = memoryview | bytearray

MEMORY_BYTES = 2048
_FORM = struct.Struct("<ddH")
_SUM = struct.Struct("<I")
_LONGEST_REASON = 1024
_TRIES = 100


class Signs(NamedTuple):
    """What the loop has said last."""

    turned: float
    """On the machine's monotonic clock, which all its processes share."""
    limit_seconds: float
    unready_reason: str


class VitalSigns:
    """Reads what the loop's thread has written, in this process or another; never waits for it.

    A checksum tells a reader that it looked while it was written; it looks again then. Who writes is one thread.
    """

    def __init__(self, memory: Memory, *, clock: Callable[[], float] = time.monotonic) -> None:
        """``memory`` has at least ``MEMORY_BYTES``."""
        self._memory = memory
        self._clock = clock
        self._seen = Signs(clock(), 0.0, "starting")

    @property
    def signs(self) -> Signs:
        """What was written last."""
        for _ in range(_TRIES):
            found = _read(bytes(self._memory[:MEMORY_BYTES]))
            if found is not None:
                self._seen = found
                break
        return self._seen

    def why_not_alive(self) -> str | None:
        """Return why the loop counts as stuck, None where it turns."""
        return self._why_stuck(self.signs)

    def why_not_ready(self) -> str | None:
        """Return why the daemon is not ready, None where it is."""
        signs = self.signs
        return signs.unready_reason or self._why_stuck(signs)

    def _why_stuck(self, signs: Signs) -> str | None:
        silent = self._clock() - signs.turned
        if silent <= signs.limit_seconds:
            return None
        return f"the loop has not turned for {silent:.1f} s; its limit is {signs.limit_seconds:g} s"


def write(signs: Signs, memory: Memory) -> None:
    """Write what is said into memory; of a long reason its beginning."""
    reason = signs.unready_reason.encode(errors="replace")[:_LONGEST_REASON]
    said = _FORM.pack(signs.turned, signs.limit_seconds, len(reason)) + reason
    memory[: _SUM.size + len(said)] = _SUM.pack(zlib.crc32(said)) + said


def _read(memory: bytes) -> Signs | None:
    turned, limit, length = _FORM.unpack_from(memory, _SUM.size)
    end = _SUM.size + _FORM.size + min(length, _LONGEST_REASON)
    if zlib.crc32(memory[_SUM.size : end]) != _SUM.unpack_from(memory)[0]:
        return None
    return Signs(turned, limit, memory[_SUM.size + _FORM.size : end].decode(errors="ignore"))
