"""How many steps may be made on which rows."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daemon.learning import young
from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strategies.row_holder import Gone


class Due(NamedTuple):
    """What is to be learned now."""

    rows: Batch
    steps: int
    """Steps to make on these rows, one after another."""
    saved: int
    """Steps that would have been made on them, had the budget not been used up."""


class StepBudget:
    """Decides how many steps are made on which rows: a function of the rows in their order.

    Either each block is learned in ``per_block`` steps, in more while the stream is young where it ``grows``, or
    ``per_event`` steps are earned by each row, in exact fractions: after n rows ⌊n · per_event⌋ steps were due,
    whatever the blocks. Where less than one step is due, the rows wait and are learned together with those of the
    next. ``per_task`` is the most steps between two
    boundaries; once it is used up, rows pass unlearned until the next boundary.

    >>> budget = StepBudget(per_event=0.1)
    >>> import torch
    >>> block = Batch(torch.zeros(4, 1), torch.zeros(4), torch.zeros(4), provenance=torch.zeros(4, 4))
    >>> [(len(due.rows), due.steps) for due in (budget.take(block) for _ in range(5))]
    [(4, 0), (8, 0), (12, 1), (4, 0), (8, 1)]
    """

    def __init__(
        self,
        *,
        per_block: int = 1,
        grows: bool = False,
        per_event: float | None = None,
        per_task: int | None = None,
    ) -> None:
        self._per_block = per_block
        self._grows = grows
        # As it is written: one tenth is 1/10, not the nearest binary fraction.
        self._per_event = None if per_event is None else Fraction(str(per_event))
        self._per_task = per_task
        self._credit = Fraction(0)
        self._left = per_task
        self._waiting: Batch | None = None

    @property
    def left(self) -> int | None:
        """Steps left until the next boundary; None where they are not limited."""
        return self._left

    def take(self, fresh: Batch, *, events: int = 0) -> Due:
        """Return what is to be learned now that these rows have come, after so many ``events``."""
        rows = fresh if self._waiting is None else Batch.concatenate([self._waiting, fresh])
        earned = self._earn(len(fresh), events=events)
        steps = earned
        if self._left is not None:
            steps = min(earned, self._left)
            self._left -= steps
        self._waiting = None if earned or self._left == 0 else rows
        return Due(rows, steps, saved=earned - steps)

    def boundary(self) -> None:
        """Grant the next task its budget."""
        self._left = self._per_task

    def merge_task(self, task: int, *, into: int) -> None:
        """Let the rows of ``task`` that wait be of ``into``."""
        if self._waiting is not None:
            self._waiting = self._waiting.relabelled(task, into=into)

    def forget(self, gone: Gone) -> int:
        """Let rows go that wait; return how many: see ``RowHolder``."""
        if self._waiting is None:
            return 0
        leave = gone.among(self._waiting.provenance.numpy())
        self._waiting = None if leave.all() else self._waiting.take(np.flatnonzero(~leave))
        return int(leave.sum())

    def state_dict(self) -> dict[str, Any]:
        """Return the fraction earned, the steps left and the rows that wait."""
        waiting = {} if self._waiting is None else self._waiting.columns()
        return {"credit": str(self._credit), "left": self._left, "waiting": waiting}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; of a budget that has changed since, no more than the new one is left."""
        self._credit = Fraction(state["credit"])
        if self._per_task is not None:
            self._left = self._per_task if state["left"] is None else min(state["left"], self._per_task)
        self._waiting = Batch.of_columns(state["waiting"]) if state["waiting"] else None

    def _earn(self, rows: int, *, events: int) -> int:
        if self._per_event is None:
            return young.steps(events, rows=rows, later=self._per_block) if self._grows else self._per_block
        self._credit += rows * self._per_event
        steps = int(self._credit)
        self._credit -= steps
        return steps
