"""Evaluates the model on what was held out of every task, and keeps the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.scoring.probe_scores import ProbeScores
from strategies.learner import Learner
from strategies.plasticity import Plasticity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.scoring.figures import Figures
    from daemon.scoring.probe_sets import ProbeSets
    from daemon.scoring.reference_score import ReferenceScore
    from daemon.scoring.retention import RetentionMatrix
    from strategies.any_learner import AnyLearner

PLASTICITY_ROWS = 256


class Evaluator:
    """Scores every task's probe set, and the reference rows where there are any, now and at each boundary.

    Two earlier models are kept as parameter vectors: the untrained one, and the one at the last boundary. A new
    task's probe set exists only once the task is there; forward transfer needs the score of the model from just
    before on it, so that model is evaluated afterwards.
    """

    def __init__(
        self,
        learner: AnyLearner,
        *,
        probes: ProbeSets,
        matrix: RetentionMatrix,
        max_tasks: int,
        reference: ReferenceScore | None = None,
    ) -> None:
        self.reference = reference
        self.plasticity: Plasticity | None = None
        """As of the last evaluation of this process on rows of the task then learned; None where there is none."""
        self._learner = learner
        self._probes = probes
        self._matrix = matrix
        self._scores = ProbeScores(probes, max_tasks=max_tasks)
        self._untrained = learner.parameters.clone()
        self._last_boundary: Tensor | None = None
        self._met = np.zeros(max_tasks, dtype=np.bool_)
        self._new: list[int] = []

    def meet(self, task: int) -> None:
        """Take note that ``task`` is being trained on."""
        if not self._met[task]:
            self._met[task] = True
            self._new.append(task)

    def evaluate(self, task: int, *, events: int, time: float) -> None:
        """Score the model on all tasks while ``task`` is being learned."""
        self._evaluate_new_tasks()
        self._matrix.between(task, probed=self._scores.of_all(self._say), events=events, time=time)
        self._evaluate_reference()
        self._measure_plasticity(task)

    def evaluate_at_boundary(self, task: int, *, events: int, time: float, others: Iterable[int] = ()) -> None:
        """Score the model on all tasks at the end of a segment of ``task``; ``others`` were learned in it too."""
        self._evaluate_new_tasks()
        probed = self._scores.of_all(self._say)
        self._matrix.boundary(task, probed=probed, events=events, time=time, others=others)
        self._evaluate_reference()
        self._measure_plasticity(task)
        self._last_boundary = self._learner.served.clone()
        self._new = []

    def merge_task(self, task: int, *, into: int, share: float) -> None:
        """Let what is known of ``task`` be of ``into``; its rows have that share of the probe set of both."""
        self._matrix.merge_task(task, into=into, share=share)
        self._met[into] |= self._met[task]
        self._met[task] = False
        self._new = [each for each in self._new if each != task]

    def figures(self) -> Figures:
        """Return everything that is known of retention as of the latest evaluation."""
        return self._matrix.figures()

    def lacks(self, task: int) -> bool:
        """Tell whether the latest evaluation has no score of ``task``, though events of it are held out."""
        latest = self._matrix.latest()
        return self._probes.count(task) > 0 and (latest is None or bool(np.isnan(latest.scores[task])))

    @property
    def matrix(self) -> RetentionMatrix:
        """R: the scores of all evaluations."""
        return self._matrix

    def state_dict(self) -> dict[str, Any]:
        """Return matrix and the two earlier models; the probe sets belong to all evaluators together."""
        return {
            "matrix": self._matrix.state_dict(),
            "reference": {} if self.reference is None else self.reference.state_dict(),
            "untrained": self._untrained,
            "last_boundary": torch.zeros(0) if self._last_boundary is None else self._last_boundary,
            "met": self._met.copy(),
            "new": list(self._new),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._matrix.load_state_dict(state["matrix"])
        if self.reference is not None:
            self.reference.load_state_dict(state["reference"])
        self._untrained.copy_(torch.as_tensor(state["untrained"]))
        last = torch.as_tensor(state["last_boundary"])
        self._last_boundary = last.clone() if len(last) else None
        self._met[:] = state["met"]
        self._new = list(state["new"])

    def _evaluate_reference(self) -> None:
        if self.reference is not None:
            self.reference.evaluate()

    def _measure_plasticity(self, task: int) -> None:
        """Look at the network that learns, on no more rows than tell enough."""
        if isinstance(self._learner, Learner) and self._probes.count(task):
            rows = torch.from_numpy(self._probes.rows_of(task)[0][:PLASTICITY_ROWS])
            tasks = torch.full((len(rows),), task)
            self.plasticity = Plasticity.of(self._learner.network, self._learner.scale(rows), tasks)

    def _evaluate_new_tasks(self) -> None:
        """Score the earlier models on the tasks of this segment; again as their probe sets grow."""
        with self._learner.at(self._untrained):
            for task in self._new:
                self._matrix.untrained(task, score=self._scores.of(task, self._say))
        if self._last_boundary is not None:
            with self._learner.at(self._last_boundary):
                for task in self._new:
                    self._matrix.before(task, score=self._scores.of(task, self._say))

    def _say(self, x: NDArray[np.float32], task: int) -> NDArray[Any]:
        outputs = self._learner.predict(torch.from_numpy(x), torch.full((len(x),), task))
        return self._learner.objective.answer(outputs).value.numpy()
