"""What grows is told from what merely moves."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest

from tests.soak.sample import Sample, courses


def samples(growth_mib_a_minute: float, *, minutes: int = 20) -> list[Sample]:
    chance = random.Random(0)
    return [
        Sample(
            seconds=5.0 * number,
            memory_mib=600 + growth_mib_a_minute * number / 12 + chance.uniform(-1, 1),
            descriptors=20 + chance.randrange(30),
            threads=9,
            series=340,
            state_mib=12,
            events=float(number),
        )
        for number in range(12 * minutes)
    ]


@pytest.mark.parametrize(("growth", "flat"), [(0.0, True), (0.05, True), (0.2, False), (1.0, False)])
def test_memory_that_grows_by_more_than_it_may_is_told(growth: float, flat: bool) -> None:  # noqa: FBT001 - a case
    found = {each.name: each for each in courses(samples(growth))}
    assert {name for name, each in found.items() if not each.flat} == (set() if flat else {"memory_mib"})
    assert found["memory_mib"].a_minute == pytest.approx(growth, abs=0.03)


def test_a_process_is_looked_at_with_what_it_has_started(tmp_path: Path) -> None:
    generation = tmp_path / "checkpoints/000000000001"
    generation.mkdir(parents=True)
    (generation / "state.safetensors").write_bytes(bytes(1 << 20))
    taken = Sample.of(os.getpid(), state=tmp_path, metrics="# HELP a\na 1\nb 2\n", events=7)
    assert taken.memory_mib > 10
    assert taken.descriptors >= len(list(Path("/proc/self/fd").iterdir())) - 1
    assert (taken.series, taken.state_mib) == (2, 1)
