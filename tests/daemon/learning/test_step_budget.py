"""Steps are earned in exact fractions, budgets are kept to the step, and no row is lost or learned twice."""

from __future__ import annotations

from fractions import Fraction
from itertools import cycle
from typing import TYPE_CHECKING

import torch
from hypothesis import given
from hypothesis import strategies as st

from daemon.learning.step_budget import StepBudget
from daemon.state.state_tree import flatten, unflatten
from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Sequence


def rows(first: int, count: int) -> Batch:
    number = torch.arange(first, first + count)
    return Batch(number[:, None].float(), number, torch.zeros_like(number), provenance=torch.zeros(count, 4))


def numbers(batch: Batch) -> list[int]:
    return [int(number) for number in batch.y]


def blocks(total: int, sizes: Sequence[int]) -> list[Batch]:
    made, start = [], 0
    for size in cycle(sizes):
        if start >= total:
            return made
        made.append(rows(start, min(size, total - start)))
        start += size
    raise AssertionError("there are no sizes")


SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=4)
RATES = st.decimals(min_value="0.001", max_value="5", places=3).map(float)


@given(rate=RATES, total=st.integers(1, 400), sizes=SIZES)
def test_steps_are_the_whole_part_of_what_the_rows_have_earned_however_they_are_grouped(
    rate: float, total: int, sizes: list[int]
) -> None:
    updates = StepBudget(per_event=rate)
    made, come = 0, 0
    for block in blocks(total, sizes):
        made += updates.take(block).steps
        come += len(block)
        assert made == int(come * Fraction(str(rate)))


@given(rate=RATES, total=st.integers(1, 400), sizes=SIZES)
def test_every_row_is_learned_once_in_its_order_or_still_waits(rate: float, total: int, sizes: list[int]) -> None:
    updates = StepBudget(per_event=rate)
    learned: list[int] = []
    waiting: list[int] = []
    for block in blocks(total, sizes):
        due = updates.take(block)
        waiting = [] if due.steps else numbers(due.rows)
        learned += numbers(due.rows) if due.steps else []
    assert learned + waiting == list(range(total))
    # What waits is less than one step's worth, and the block that came last.
    assert len(waiting) < 1 / rate + max(sizes)


def test_every_micro_batch_has_its_steps_without_a_rate() -> None:
    updates = StepBudget(per_block=3)
    assert [updates.take(block).steps for block in blocks(9, [4])] == [3, 3, 3]
    assert updates.left is None


@given(
    rate=st.one_of(st.none(), RATES),
    budget=st.integers(1, 30),
    tasks=st.lists(st.integers(1, 120), min_size=1, max_size=4),
    sizes=SIZES,
)
def test_a_budget_is_spent_to_the_step_and_granted_anew_at_each_boundary(
    rate: float | None, budget: int, tasks: list[int], sizes: list[int]
) -> None:
    limited = StepBudget(per_block=2, per_event=rate, per_task=budget)
    unlimited = StepBudget(per_block=2, per_event=rate)
    for length in tasks:
        made = wanted = saved = 0
        for block in blocks(length, sizes):
            due = limited.take(block)
            made, saved = made + due.steps, saved + due.saved
            wanted += unlimited.take(block).steps
        assert made == min(budget, wanted)
        assert made + saved == wanted
        assert limited.left == budget - made
        limited.boundary()


def test_rows_that_come_when_the_budget_is_spent_are_not_kept_for_later() -> None:
    updates = StepBudget(per_event=0.25, per_task=1)
    assert updates.take(rows(0, 4)).steps == 1
    updates.take(rows(4, 3))
    updates.boundary()
    assert numbers(updates.take(rows(7, 2)).rows) == [7, 8]


@given(
    rate=st.one_of(st.none(), RATES),
    budget=st.one_of(st.none(), st.integers(1, 9)),
    total=st.integers(2, 80),
    sizes=SIZES,
    cut=st.integers(0, 80),
)
def test_a_restored_budget_goes_on_alike(
    rate: float | None, budget: int | None, total: int, sizes: list[int], cut: int
) -> None:
    straight = StepBudget(per_event=rate, per_task=budget)
    resumed = StepBudget(per_event=rate, per_task=budget)
    made = blocks(total, sizes)
    for number, block in enumerate(made):
        if number == cut % len(made):
            resumed.load_state_dict(unflatten(flatten(straight.state_dict()).copy()))
        due = straight.take(block)
        if number >= cut % len(made):
            again = resumed.take(block)
            assert (numbers(due.rows), due.steps, due.saved) == (numbers(again.rows), again.steps, again.saved)


def test_a_smaller_budget_holds_from_the_restart_on() -> None:
    generous, strict = StepBudget(per_task=100), StepBudget(per_task=5)
    generous.take(rows(0, 1))
    strict.load_state_dict(generous.state_dict())
    assert strict.left == 5
    generous.load_state_dict(strict.state_dict())
    assert generous.left == 5
