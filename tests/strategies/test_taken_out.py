"""Rows that are taken out of a sample leave one that is uniform, and that stays so as it fills again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch

from strategies.balanced_reservoir import BalancedReservoir
from strategies.batch import Batch, provenance_table
from strategies.memory import Memory
from strategies.reservoir import Reservoir
from strategies.row_holder import Gone, key_hash
from strategies.storage import RowStorage

if TYPE_CHECKING:
    from collections.abc import Callable

    from strategies.admission import Admission

CAPACITY, BEFORE, AFTER, TRIALS = 16, 64, 64, 1_500
OURS, OTHERS = b"subject", b"another"


def rows(first: int, *, keys: list[bytes]) -> Batch:
    numbers = np.arange(first, first + len(keys))
    provenance = provenance_table(
        key=[key_hash(key) for key in keys], partition=0 * numbers, offset=numbers, time_ms=numbers
    )
    x = torch.from_numpy(numbers.astype(np.float32)).unsqueeze(1)
    return Batch(
        x, torch.zeros(len(keys), dtype=torch.int64), torch.zeros(len(keys), dtype=torch.int64), provenance
    )


def memory(kind: Callable[..., Admission], seed: int) -> Memory:
    storage = RowStorage(CAPACITY, features=1, classification=True)
    return Memory(storage, kind(CAPACITY, generator=np.random.default_rng(seed)))


@pytest.mark.parametrize("kind", [Reservoir, BalancedReservoir])
def test_every_row_that_is_left_or_comes_then_has_the_same_chance(kind: Callable[..., Admission]) -> None:
    kept = np.zeros(BEFORE + AFTER)
    first = rows(0, keys=[OURS if place % 4 == 0 else OTHERS for place in range(BEFORE)])
    later = rows(BEFORE, keys=[OTHERS] * AFTER)
    for seed in range(TRIALS):
        sample = memory(kind, seed)
        sample.offer(first, groups=first.task)
        assert sample.forget(Gone.of_keys([OURS])) == CAPACITY - len(sample)
        sample.offer(later, groups=later.task)
        kept[sample.rows().offset.numpy()] += 1 / len(sample)
    others = np.array([place for place in range(BEFORE + AFTER) if place % 4 or place >= BEFORE])
    assert kept.sum() == pytest.approx(kept[others].sum())
    share = kept[others] / TRIALS * len(others)
    old, new = share[others < BEFORE].mean(), share[others >= BEFORE].mean()
    assert (old, new) == (pytest.approx(1.0, abs=0.05), pytest.approx(1.0, abs=0.05))


def test_what_is_forgotten_by_age_is_older_and_nothing_without_a_time_is() -> None:
    sample = memory(Reservoir, 0)
    batch = rows(0, keys=[OTHERS] * CAPACITY)
    batch.provenance[3, 3] = -1
    sample.offer(batch, groups=batch.task)
    assert sample.forget(Gone(before_ms=5)) == 4
    assert sample.rows().offset.tolist() == [3, *range(5, CAPACITY)]


def test_a_memory_goes_on_from_its_state_after_rows_were_taken_out() -> None:
    one, other = memory(Reservoir, 1), memory(Reservoir, 2)
    first = rows(0, keys=[OURS, OTHERS] * 20)
    one.offer(first, groups=first.task)
    one.forget(Gone.of_keys([OURS]))
    other.load_state_dict(one.state_dict())
    later = rows(40, keys=[OTHERS] * 100)
    for each in (one, other):
        each.offer(later, groups=later.task)
    assert one.rows().offset.tolist() == other.rows().offset.tolist()
