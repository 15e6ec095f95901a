"""A committee, and how good its answers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from daemon.learning.snapshot import CommitteeSnapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.scoring.prequential import Prequential
    from strategies.batch import Batch
    from strategies.objective import Answer


class Committee(Protocol):
    """Answers in place of the main learner alone, which is a member of it."""

    @property
    def weights(self) -> dict[str, float]:
        """How much each expert is believed, by its name; they add up to 1."""

    def answer(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return the answer on rows that the open block goes on with.

        ``scaled`` ``(rows, features)`` are the rows as the main learner sees them, ``main`` its answer, and
        ``known_classes`` how many were known before the block.
        """

    def learn(self, *, fresh: NDArray[np.int64]) -> None:
        """Close the block: learn its rows, of which those with the numbers ``fresh`` are not held out."""

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned until the open block; its rows are answered again."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of other members."""


class ScoredCommittee:
    """Answers, and is scored by what it said on arrival."""

    def __init__(self, committee: Committee, *, prequential: Prequential) -> None:
        self.prequential = prequential
        self._committee = committee

    def answer(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return the answer on rows that the open block goes on with: see ``Committee``."""
        return self._committee.answer(batch, scaled, main, known_classes=known_classes)

    def score(self, answer: Answer, batch: Batch, *, no_change: NDArray[Any]) -> None:
        """Score what was said of a batch; ``no_change`` is what the baseline said."""
        self.prequential.update(
            answer.value.numpy(), label=batch.y.numpy(), task=batch.task.numpy(), no_change=no_change
        )

    def learn(self, *, fresh: NDArray[np.int64]) -> None:
        """Close the block."""
        self._committee.learn(fresh=fresh)

    def snapshot(self) -> CommitteeSnapshot:
        """Return how it stands."""
        return CommitteeSnapshot(
            weights=self._committee.weights, total=self.prequential.total(), window=self.prequential.windowed()
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned and scored."""
        return {"committee": self._committee.state_dict(), "prequential": self.prequential.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of other members."""
        self._committee.load_state_dict(state["committee"])
        self.prequential.load_state_dict(state["prequential"])
