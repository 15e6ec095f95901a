"""Whether there is memory for what the configuration declares."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from daemon.doctor.amounts import size
from daemon.doctor.cgroup import memory_left
from daemon.doctor.finding import ok, problem, warning
from strategies.options.buffer import DEFAULT_ROWS
from strategies.row_size import row_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

PROCESS_BYTES = 600 << 20
"""What a small daemon takes in all, most of it torch (python -m benchmarks.throughput)."""


def check_memory(setup: Setup) -> Iterator[Finding]:
    """Compare the buffers, probe sets and reference rows with what is free."""
    free = available(setup)
    if free is None:
        yield ok("this system does not say how much is free")
        return
    needed, unknown = (0, False) if setup.config is None else declared(setup.config)
    found = f"{size(free)} are free"
    if needed:
        found += f", buffers and probe sets take up to {size(needed)}"
    if unknown:
        found += "; what is declared in rows depends on how many features the stream has"
    if needed > free:
        yield problem(found, "lower the rows or bytes of the strategies, or let them store float16")
    elif needed + PROCESS_BYTES > free:
        yield warning(f"{found}, and torch some {size(PROCESS_BYTES)} more", "free some, or lower the buffers")
    else:
        yield ok(found)


def available(setup: Setup) -> int | None:
    """Return the bytes that this process could still take, of the machine's and of its control group's."""
    amounts = [amount for amount in (_machine(setup), memory_left(setup)) if amount is not None]
    return min(amounts, default=None)


def declared(config: Config) -> tuple[int, bool]:
    """Return how many bytes the declared rows take when they are full, and whether some could not be reckoned."""
    features = _features(config)
    total = sum(int(strategy.bytes) for strategy in _strategies(config) if getattr(strategy, "bytes", None))
    buffers = [each for each in _strategies(config) if hasattr(each, "policy") and each.bytes is None]
    rows = [(each.rows or DEFAULT_ROWS, each.storage) for each in buffers]
    if config.retention.probe_share:
        rows.append((config.retention.probe_rows * config.retention.max_tasks, "float32"))
    if config.reference is not None:
        rows.append((config.reference.rows, config.reference.storage))
    if features is None:
        return total, bool(rows)
    return total + sum(count * row_bytes(features, storage) for count, storage in rows), False


def _strategies(config: Config) -> list[Any]:
    challenger = config.companions.challenger
    return [*config.strategies, *(() if challenger is None else challenger.strategies)]


def _features(config: Config) -> int | None:
    """Return how many features a row has, where the file says it."""
    decoder: Any = config.decoder
    shape: tuple[int, ...] | None = getattr(decoder, "shape", None)
    if shape:
        return prod(shape)
    named = getattr(decoder, "features", None)
    return len(named) if named else None


def _machine(setup: Setup) -> int | None:
    try:
        lines = (setup.proc / "meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) * 1024
    return None
