"""What one evaluation says of one task, beside what it may lose."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of a past task is lost, in the units of its score."""

    lost: float
    """The best score at an earlier boundary minus the score now, on the rows of both."""
    error: float
    """Standard error of the score."""
    budget: float
    """What may be lost."""
    never: bool = False
    """Whether the task is never to be let go."""

    @property
    def breached(self) -> bool:
        """Whether so much is lost that chance does not explain it.

        >>> Reading(lost=0.05, error=0.01, budget=0.03).breached, Reading(0.05, 0.03, 0.03).breached
        (True, False)
        """
        return self.lost - self.error > self.budget

    @property
    def inside(self) -> bool:
        """Whether no more is lost than may be. Between the two nothing is begun and nothing is undone."""
        return self.lost <= self.budget
