"""What both committees are whose labels come later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from daemon.learning.committee.scored_committee import Committee, ScoredCommittee

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.later_keys import HeardLabels
    from daemon.learning.committee.recollection import Remembered
    from strategies.any_learner import AnyLearner
    from strategies.batch import Batch
    from strategies.objective import Answer

    Columns = dict[str, NDArray[Any]]


class LaterCommittee(Committee, Protocol):
    """Answers rows when they come, is judged when their labels come, and learns blocks of rows that have theirs."""

    @property
    def blank(self) -> Columns:
        """The columns of what is known of a row from its arrival to its label, without rows."""

    def ask(
        self,
        batch: Batch,
        scaled: Tensor,
        main: Answer | None,
        *,
        start: int,
        known_classes: int,
        seen: NDArray[np.int64],
        heard: HeardLabels,
    ) -> Columns:
        """Return the columns of rows that come, but for ``value``; take note of rows and labels in their order."""

    def hear(self, columns: Columns, label: NDArray[Any], *, overlap: NDArray[np.int64]) -> NDArray[np.float64]:
        """Judge rows whose labels have come; return the weights ``(labels + 1, experts)`` before each and after.

        Labels that ``overlap (labels,)`` with so many, their own among them, tell together as much as one.
        """

    def mix(self, columns: Columns, weights: NDArray[np.float64], *, start: int, seen: NDArray[np.int64]) -> Answer:
        """Return the answer on rows that have come, by weights ``(rows, experts)``."""

    def learn_rows(
        self,
        columns: Columns,
        label: NDArray[Any],
        *,
        fresh: NDArray[np.int64],
        remembered: Remembered | None = None,
    ) -> None:
        """Learn the block of the rows that were heard of, of which those numbered ``fresh`` are not held out.

        Whom to believe about rows without a past is learned where ``remembered`` ones are given.
        """


class LaterScoredCommittee(ScoredCommittee):
    """The same with its scores."""

    def __init__(self, committee: LaterCommittee, **scores: Any) -> None:
        super().__init__(committee, **scores)
        self.later = committee

    def learn_rows(
        self,
        columns: Columns,
        label: NDArray[Any],
        *,
        fresh: NDArray[np.int64],
        main: AnyLearner,
        known_classes: int,
    ) -> None:
        """Learn a block that the main learner has learned: see ``LaterCommittee``."""
        remembered = self._recollection.after(len(label), main=main, known_classes=known_classes)
        self.later.learn_rows(columns, label, fresh=fresh, remembered=remembered)
