"""A committee, and how good its answers are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import torch

from daemon.learning.snapshot import CommitteeSnapshot
from daemon.scoring.learner_scores import LearnerScores

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.class_graph import ClassGraph
    from daemon.learning.committee.number_graph import NumberGraph
    from daemon.learning.committee.recollection import Recollection, Remembered
    from daemon.scoring.prequential import Prequential
    from daemon.scoring.probe_scores import Probed, ProbeScores
    from daemon.scoring.retention import RetentionMatrix
    from strategies.any_learner import AnyLearner
    from strategies.batch import Batch
    from strategies.objective import Answer
    from strategies.row_holder import Gone


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

    def answer_new_keys(self, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return what would be said of rows if each came under a key that was never seen; changes nothing.

        The arguments are those of ``answer``; no block is open.
        """

    def answer_next(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return what would be said of each row if it came next, alone, under its key; changes nothing.

        The arguments are those of ``answer``; nothing is asked of the batch's labels.
        """

    def graph(self, *, known_classes: int) -> ClassGraph | NumberGraph:
        """Return ``answer_next`` as a graph of operations, as of now."""

    def learn(self, *, fresh: NDArray[np.int64], remembered: Remembered | None = None) -> None:
        """Close the block: learn its rows, of which those with the numbers ``fresh`` are not held out.

        Whom to believe about rows without a past is learned where ``remembered`` ones are given.
        """

    def forget(self, gone: Gone) -> int:
        """Let rows go, while no block is open; return how many, or of how many keys: see ``RowHolder``."""

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned until the open block; its rows are answered again."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of other members."""


class ScoredCommittee:
    """Answers, and is scored by what it said on arrival; and by what it would say of what was held out.

    That is a row without a past. The committee is asked as if each came under a key that it never met: what its
    members know of rows alone, with the trust that each has in such rows.
    """

    def __init__(
        self,
        committee: Committee,
        *,
        recollection: Recollection,
        prequential: Prequential,
        probes: ProbeScores,
        matrix: RetentionMatrix,
    ) -> None:
        self.prequential = prequential
        self.committee = committee
        self._recollection = recollection
        self._probes = probes
        self._matrix = matrix

    def answer(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return the answer on rows that the open block goes on with: see ``Committee``."""
        return self.committee.answer(batch, scaled, main, known_classes=known_classes)

    def score(self, answer: Answer, batch: Batch, *, no_change: NDArray[Any]) -> None:
        """Score what was said of a batch; ``no_change`` is what the baseline said."""
        self.prequential.update(
            answer.value.numpy(),
            label=batch.y.numpy(),
            task=batch.task.numpy(),
            key=batch.key.numpy(),
            no_change=no_change,
        )

    def learn(self, *, fresh: NDArray[np.int64], rows: int, main: AnyLearner, known_classes: int) -> None:
        """Close the block, of so many rows, that the main learner has learned."""
        remembered = self._recollection.after(rows, main=main, known_classes=known_classes)
        self.committee.learn(fresh=fresh, remembered=remembered)

    def say(self, x: NDArray[np.float32], task: int, *, main: AnyLearner, known_classes: int) -> NDArray[Any]:
        """Return the answers ``(rows,)`` on rows ``(rows, features)`` without a past; changes nothing."""
        scaled = main.scale(torch.from_numpy(x))
        outputs = main.predict_scaled(scaled, torch.full((len(x),), task))
        answer = main.objective.answer(outputs, known=known_classes)
        return self.committee.answer_new_keys(scaled, answer, known_classes=known_classes).value.numpy()

    def evaluate(self, task: int, *, main: AnyLearner, known_classes: int, events: int, time: float) -> None:
        """Score it on all tasks while ``task`` is being learned, with the main learner as it is."""
        self._matrix.between(task, probed=self._probe(main, known_classes), events=events, time=time)

    def evaluate_at_boundary(
        self,
        task: int,
        *,
        main: AnyLearner,
        known_classes: int,
        events: int,
        time: float,
        others: Iterable[int] = (),
    ) -> None:
        """Score it on all tasks at the end of a segment of ``task``, in which ``others`` were learned too."""
        probed = self._probe(main, known_classes)
        self._matrix.boundary(task, probed=probed, events=events, time=time, others=others)

    def merge_task(self, task: int, *, into: int, share: float) -> None:
        """Let what is known of ``task`` be of ``into``; its members know no tasks."""
        self._matrix.merge_task(task, into=into, share=share)
        self.prequential.merge_task(task, into=into)

    def forget(self, gone: Gone, *, probes: NDArray[np.int64]) -> dict[str, int]:
        """Let rows go, while no block is open; ``probes`` numbers all rows that the probe sets have left."""
        self._matrix.keep_rows(probes)
        return {"committee": self.committee.forget(gone), "newest scores": self.prequential.forget(gone)}

    def snapshot(self, names: Mapping[int, str]) -> CommitteeSnapshot:
        """Return how it stands; ``names`` are those of all tasks, by code."""
        return CommitteeSnapshot(
            weights=self.committee.weights, scores=LearnerScores.of(self._matrix, self.prequential, names)
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned and scored."""
        return {
            "committee": self.committee.state_dict(),
            "recollection": self._recollection.state_dict(),
            "prequential": self.prequential.state_dict(),
            "matrix": self._matrix.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of other members."""
        self.committee.load_state_dict(state["committee"])
        if state["recollection"]:
            self._recollection.load_state_dict(state["recollection"])
        self.prequential.load_state_dict(state["prequential"])
        if state["matrix"]:
            self._matrix.load_state_dict(state["matrix"])

    def _probe(self, main: AnyLearner, known_classes: int) -> Probed:
        return self._probes.of_all(lambda x, task: self.say(x, task, main=main, known_classes=known_classes))
