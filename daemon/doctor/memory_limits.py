"""The limits of memory that a supervisor should be given for a configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.doctor.finding import ok
from daemon.doctor.memory import PROCESS_BYTES, declared

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

_MIB = 1 << 20
_OUTPUT_BYTES = 16 * _MIB
"""What an output holds in memory until the disk or the broker has it."""
_HIGH, _MOST = 1.25, 1.5


def memory_limits(declared_bytes: int, *, outputs: int) -> tuple[int, int]:
    """Return MemoryHigh and MemoryMax in MiB for so many bytes of declared rows, and so many outputs.

    A daemon takes ``PROCESS_BYTES``, its rows, the same once more while a checkpoint is written, and what waits for
    an output. Above 1.25 times that it is slowed down, above 1.5 times ended.

    >>> memory_limits(100 << 20, outputs=1)
    (1020, 1224)
    """
    taken = PROCESS_BYTES + 2 * declared_bytes + outputs * _OUTPUT_BYTES
    return round(_HIGH * taken / _MIB), round(_MOST * taken / _MIB)


def check_memory_limits(setup: Setup) -> Iterator[Finding]:
    """Print the limits for this configuration; it is never a problem."""
    config = setup.config
    if config is None:
        return
    rows, unknown = declared(config)
    outputs = sum(section is not None for section in (config.predictions, config.dead_letters))
    high, most = memory_limits(rows, outputs=outputs)
    found = f"for this configuration MemoryHigh={high}M and MemoryMax={most}M, or limits.memory: {most}Mi"
    if unknown:
        found += ", and what buffers and probe sets take, which depends on how many features the stream has"
    yield ok(found)
