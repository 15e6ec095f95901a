"""How the defence of the budget stands: an immutable value, for all who tell of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.scoring.budget.stages import Stage


@dataclass(frozen=True, slots=True)
class BudgetSnapshot:
    """What is done for which tasks, and since when it has been how often."""

    stage: Stage
    causes: tuple[str, ...]
    """Tasks that have passed their budgets since all was calm."""
    budgets: Mapping[str, float]
    """Of each task that has a score."""
    boosts: Mapping[str, float]
    """Rows rehearsed on top, as a multiple of a step's, by task."""
    evaluations_frozen: int
    """Until it is tried again to learn; 0 where nothing is frozen."""
    events_left: int | None
    """Until what cannot be held is let go; None where that is not to be, or not yet."""
    entered: Mapping[str, int]
    """How often each stage was begun, in this and all earlier runs."""
    let_go: int
    """Tasks that were let go, in this and all earlier runs."""
