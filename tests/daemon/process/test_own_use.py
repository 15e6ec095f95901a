"""Memory and processor time are those of this very process."""

from __future__ import annotations

import resource
from pathlib import Path

from daemon.process.own_use import own_use

MEBIBYTE = 2**20


def test_memory_that_is_taken_shows() -> None:
    before = own_use().resident_bytes
    taken = b"\1" * (64 * MEBIBYTE)
    after = own_use().resident_bytes
    assert before is not None
    assert after is not None
    assert 0.9 * len(taken) < after - before < 2 * len(taken)
    assert after <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 + MEBIBYTE


def test_processor_time_only_grows() -> None:
    before = own_use().cpu_seconds
    assert sum(range(100_000))
    assert own_use().cpu_seconds > before


def test_open_descriptors_are_counted_beside_their_limit() -> None:
    before = own_use()
    with Path("/dev/null").open(), Path("/dev/null").open():
        now = own_use()
    assert before.descriptors is not None
    assert now.descriptors == before.descriptors + 2
    assert now.most_descriptors == resource.getrlimit(resource.RLIMIT_NOFILE)[0]
