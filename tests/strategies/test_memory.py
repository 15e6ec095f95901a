"""Memory holds what its rule admits, however the rows came, and draws from all of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.balanced_reservoir import BalancedReservoir
from strategies.batch import Batch
from strategies.memory import Memory
from strategies.reservoir import Reservoir
from strategies.storage import RowStorage

if TYPE_CHECKING:
    from collections.abc import Sequence


def memory_of(capacity: int, *, rule: Any = Reservoir, seed: int = 0) -> Memory:
    storage = RowStorage(capacity, features=2, classification=True)
    return Memory(storage, rule(capacity, generator=np.random.default_rng(seed)))


def stream(rows: int) -> Batch:
    """Row n says n in every column."""
    n = torch.arange(rows)
    return Batch(
        x=n.unsqueeze(1).float().expand(rows, 2).contiguous(),
        y=n % 5,
        task=n // 100,
        provenance=n.unsqueeze(1).expand(rows, 4).contiguous(),
    )


def offer(memory: Memory, rows: Batch, *, sizes: Sequence[int] = ()) -> None:
    start = 0
    for size in [*sizes, len(rows)]:
        part = rows[start : start + size]
        memory.offer(part, groups=part.y)
        start += size


@pytest.mark.parametrize("rule", [Reservoir, BalancedReservoir])
@settings(max_examples=40)
@given(rows=st.integers(0, 300), capacity=st.integers(1, 20), sizes=st.lists(st.integers(0, 60), max_size=6))
def test_what_is_kept_does_not_depend_on_how_rows_were_grouped(
    rule: Any, rows: int, capacity: int, sizes: list[int]
) -> None:
    whole, parted = memory_of(capacity, rule=rule), memory_of(capacity, rule=rule)
    offer(whole, stream(rows))
    offer(parted, stream(rows), sizes=sizes)
    for column in ("x", "y", "task", "provenance"):
        assert torch.equal(getattr(whole.rows(), column), getattr(parted.rows(), column))


def test_the_columns_of_a_row_stay_together() -> None:
    memory = memory_of(50)
    offer(memory, stream(5000), sizes=[1, 30, 500])
    rows = memory.rows()
    n = rows.provenance[:, 2]
    assert len(memory) == len(set(n.tolist())) == 50
    assert torch.equal(rows.x[:, 1], n.float())
    assert torch.equal(rows.y, n % 5)
    assert torch.equal(rows.task, n // 100)


def test_it_draws_uniformly_with_replacement_from_what_it_has() -> None:
    memory = memory_of(20)
    offer(memory, stream(8))
    slots = memory.draw(80_000, generator=np.random.default_rng(0))
    counts = torch.bincount(memory.storage.read(slots).provenance[:, 0], minlength=8)
    assert len(counts) == 8
    assert (counts - 10_000).abs().max() < 450  # 4.8 standard deviations


def test_after_a_restart_nothing_old_is_left() -> None:
    memory = memory_of(20)
    offer(memory, stream(100))
    memory.restart()
    assert len(memory) == len(memory.rows()) == 0
    offer(memory, stream(3))
    assert memory.rows().provenance[:, 0].tolist() == [0, 1, 2]


@pytest.mark.parametrize("rule", [Reservoir, BalancedReservoir])
@pytest.mark.parametrize("rows", [0, 7, 90])
def test_a_restored_memory_goes_on_bit_for_bit(rule: Any, rows: int) -> None:
    straight, resumed = memory_of(20, rule=rule), memory_of(20, rule=rule, seed=9)
    offer(straight, stream(rows))
    resumed.load_state_dict(straight.state_dict())
    for memory in (straight, resumed):
        offer(memory, stream(200)[50:])
    assert torch.equal(straight.rows().provenance, resumed.rows().provenance)
    assert torch.equal(straight.rows().x, resumed.rows().x)
