"""How much each task may lose."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Budgets:
    """Budgets by the name of the task, in the units of its score: accuracy, or R².

    >>> budgets = Budgets(0.03, {"night": 0.1})
    >>> budgets.of("day"), budgets.of("night")
    (0.03, 0.1)
    """

    default: float
    by_task: Mapping[str, float] = field(default_factory=dict)
    never: frozenset[str] = frozenset()
    """Tasks that are never to be let go."""

    def of(self, task: str) -> float:
        """Return what a task may lose."""
        return self.by_task.get(task, self.default)
