"""The retention matrix: how well each task is done after each boundary, and now."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.scoring.evaluation import Evaluation, columns_of, evaluations_in, merged_score
from daemon.scoring.figures import Figures, TaskFigures
from daemon.scoring.same_rows import SameRows
from daemon.state.saved_setting import require_saved_setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from numpy.typing import NDArray

    from daemon.scoring.evaluation import Scores
    from daemon.scoring.probe_scores import Probed

SCORE_VECTORS = ("first", "best", "minimum", "untrained", "before", "gained", "lost", "error")
SHOWN_VECTORS = tuple(name for name in SCORE_VECTORS if name not in {"gained", "lost"})
RECENT_EVALUATIONS = 512


class RetentionMatrix:
    """R[i, j]: the score on task j's probe set after boundary i; see ``Figures`` for what it tells.

    The newest ``max_boundaries`` rows are kept. What the figures need of older ones is kept per task, so they
    stay exact however many rows were dropped. Transfer and forgetting compare then and now on the same rows: see
    ``SameRows``. Of tasks for which nothing was remembered, in a state of an earlier release, they are the
    difference of the two scores until the next boundary.
    """

    def __init__(self, max_tasks: int, *, max_boundaries: int) -> None:
        self._rows: deque[Evaluation] = deque(maxlen=max_boundaries)
        self._now: Evaluation | None = None
        self._recent: deque[Evaluation] = deque(maxlen=RECENT_EVALUATIONS)
        self._at_boundary = False
        self._boundaries = 0
        self._learned_at = np.full(max_tasks, -1, dtype=np.int64)
        self._of_task = {name: np.full(max_tasks, np.nan) for name in SCORE_VECTORS}
        self._same_rows = SameRows(max_tasks)

    @property
    def width(self) -> int:
        """How many tasks there can be."""
        return len(self._learned_at)

    def boundary(self, task: int, *, probed: Probed, events: int, time: float, others: Iterable[int] = ()) -> None:
        """Enter the evaluation at the end of a segment of ``task``; it is also the latest one.

        ``others`` are the tasks that were learned in the segment too, where they interleave.
        """
        self._boundaries += 1
        self._evaluate(task, probed=probed, events=events, time=time, at_boundary=True)
        for learned in {task, *others}:
            if self._learned_at[learned] < 0 and not np.isnan(probed.scores[learned]):
                self._learned_at[learned] = self._boundaries - 1
                self._of_task["first"][learned] = probed.scores[learned]
                self._same_rows.learned(learned, probed.answers)
        self._same_rows.boundary(probed.answers)

    def between(self, task: int, *, probed: Probed, events: int, time: float) -> None:
        """Enter an evaluation between boundaries, while ``task`` is being learned."""
        self._evaluate(task, probed=probed, events=events, time=time, at_boundary=False)

    def untrained(self, task: int, *, score: float | None) -> None:
        """Enter b: the untrained model's score on the task's probe set; a later one takes its place."""
        self._of_task["untrained"][task] = np.nan if score is None else score

    def before(self, task: int, *, score: float | None) -> None:
        """Enter the score of the model as it was at the last boundary before ``task`` was first trained.

        The first task has none. A later score, on a larger probe set, takes the place of an earlier one.
        """
        assert self._boundaries, "no boundary was before the first task"
        self._of_task["before"][task] = np.nan if score is None else score

    def _evaluate(
        self,
        task: int,
        *,
        probed: Probed,
        events: int,
        time: float,
        at_boundary: bool,
    ) -> None:
        scores, counts = probed.scores, probed.counts
        assert scores.shape == counts.shape == self._learned_at.shape
        of, learned = self._of_task, self._learned_at >= 0
        if self._now is not None and self._at_boundary:
            of["best"] = np.fmax(of["best"], self._now.scores)
        of["gained"], of["lost"] = self._same_rows.gained(probed.answers), self._same_rows.lost(probed.answers)
        of["error"] = probed.errors.astype(np.float64)
        of["minimum"] = np.where(learned, np.fmin(of["minimum"], scores), np.nan)
        self._now = Evaluation(
            boundary=self._boundaries - 1,
            task=task,
            events=events,
            time=time,
            scores=scores.astype(np.float64),
            counts=counts.astype(np.int64),
        )
        self._recent.append(self._now)
        self._at_boundary = at_boundary
        if at_boundary:
            self._rows.append(self._now)

    def keep_rows(self, numbers: NDArray[np.int64]) -> None:
        """Remember what was said of no other rows than those with these numbers, which the probe sets have now."""
        self._same_rows.keep(numbers)

    def let_go(self, task: int) -> None:
        """Do not compare a task with what it was any more: what it is at the next boundary is its best."""
        self._of_task["best"][task] = self._of_task["lost"][task] = np.nan
        self._same_rows.let_go(task)

    def merge_task(self, task: int, *, into: int, share: float) -> None:
        """Let what is known of ``task`` be of ``into``; its rows have that share of the probe set of both.

        The scores of ``into`` are then the mean over both, weighted by that share; the column of ``task`` is empty.
        Rows of the matrix that are kept lose what they say of ``task``: who was merged has no column.
        """
        for vector in self._of_task.values():
            vector[into] = merged_score(vector[into], vector[task], share=share)
            vector[task] = np.nan
        self._same_rows.merge_task(task, into=into)
        self._learned_at[into] = max(self._learned_at[into], self._learned_at[task])
        self._learned_at[task] = -1
        if self._now is not None:
            self._now = self._now.merged(task, into=into, share=share)
        for kept in (self._rows, self._recent):
            rows = [row.without(task, into=into) for row in kept]
            kept.clear()
            kept.extend(rows)

    def figures(self) -> Figures:
        """Return all figures as of the latest evaluation."""
        of, now = self._of_task, self._now
        if now is None:
            return Figures(tasks=self._tasks())
        learned = self._learned_at >= 0
        being_learned = np.arange(len(learned)) == now.task
        minima = of["minimum"][learned & ~being_learned]
        past = self._past()
        return Figures(
            average_score=_mean(now.scores),
            backward_transfer=_mean(self._gained(now.scores)[past]),
            forward_transfer=_mean(of["before"] - of["untrained"]),
            forgetting=_mean(self._lost(now.scores)[past]),
            learning_accuracy=_mean(of["first"]),
            min_acc=_mean(minima),
            wc_acc=_worst_case(float(now.scores[now.task]), minima=minima),
            boundaries=self._boundaries,
            events=now.events,
            time=now.time,
            tasks=self._tasks(),
        )

    def _past(self) -> NDArray[np.bool_]:
        """Which tasks are learned, and not just now: their first segment's end is not where the model stands."""
        past = self._learned_at >= 0
        newest = self._learned_at == self._boundaries - 1
        if self._at_boundary:
            past &= ~newest
        elif self._now is not None and newest[self._now.task]:
            past[self._now.task] = False
        return past

    def _gained(self, scores: Scores) -> Scores:
        """Return what was gained since each task's first boundary, with the scores now."""
        gained = self._of_task["gained"]
        return np.where(np.isnan(gained), scores - self._of_task["first"], gained)

    def _lost(self, scores: Scores) -> Scores:
        """Return what was lost since each task's best boundary, with the scores now."""
        lost = self._of_task["lost"]
        return np.where(np.isnan(lost), self._of_task["best"] - scores, lost)

    def _tasks(self) -> dict[int, TaskFigures]:
        shape = self._learned_at.shape
        scores = np.full(shape, np.nan) if self._now is None else self._now.scores
        counts = np.zeros(shape, dtype=np.int64) if self._now is None else self._now.counts
        vectors = {name: self._of_task[name] for name in SHOWN_VECTORS}
        vectors["now"] = scores
        lost = self._lost(scores)
        vectors["best"] = np.where(np.isnan(lost), vectors["best"], scores + lost)
        vectors["forgetting"] = np.where(self._past(), lost, np.nan)
        known = ~np.isnan(np.stack(list(vectors.values()))).all(axis=0) | (counts > 0)
        return {
            task: TaskFigures(
                samples=int(counts[task]), **{name: _defined(vector[task]) for name, vector in vectors.items()}
            )
            for task in np.flatnonzero(known).tolist()
        }

    def table(self) -> tuple[Evaluation, ...]:
        """Return the rows that are kept, oldest first; read them only."""
        return tuple(self._rows)

    def latest(self) -> Evaluation | None:
        """Return the latest evaluation, at a boundary or not; None before the first."""
        return self._now

    def recent(self) -> tuple[Evaluation, ...]:
        """Return the evaluations that this process has made last, at boundaries or not, oldest first; read only.

        They are for curves, and not a part of the state.
        """
        return tuple(self._recent)

    def matrix(self) -> Scores:
        """Return the rows that are kept as ``(boundaries, max_tasks)``, oldest first, NaN where undefined."""
        return np.array([row.scores for row in self._rows]).reshape(-1, len(self._learned_at))

    def state_dict(self) -> dict[str, Any]:
        """Return the matrix, the latest evaluation and what is kept per task."""
        return {
            "boundaries": self._boundaries,
            "at_boundary": self._at_boundary,
            "learned_at": self._learned_at.copy(),
            "of_task": {name: vector.copy() for name, vector in self._of_task.items()},
            "rows": columns_of(list(self._rows), tasks=len(self._learned_at)),
            "same_rows": self._same_rows.state_dict(),
            "now": columns_of([] if self._now is None else [self._now], tasks=len(self._learned_at)),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state. Raises ValueError where it was saved with another number of tasks."""
        require_saved_setting(
            "retention.max_tasks", saved=len(state["learned_at"]), configured=len(self._learned_at)
        )
        self._boundaries, self._at_boundary = state["boundaries"], state["at_boundary"]
        self._learned_at = state["learned_at"].copy()
        self._of_task = {name: state["of_task"][name].copy() for name in SCORE_VECTORS}
        self._same_rows.load_state_dict(state["same_rows"])
        self._rows = deque(evaluations_in(state["rows"]), maxlen=self._rows.maxlen)
        self._now = next(iter(evaluations_in(state["now"])), None)


def _mean(values: Scores) -> float | None:
    defined = values[~np.isnan(values)]
    return float(defined.mean()) if len(defined) else None


def _defined(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def _worst_case(score: float, *, minima: Scores) -> float | None:
    least = _mean(minima)
    if np.isnan(score) or least is None:
        return _defined(score)
    k = 1 + int(np.count_nonzero(~np.isnan(minima)))
    return score / k + (1 - 1 / k) * least
