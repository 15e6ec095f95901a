"""A learner's scores over its whole life, in a bounded number of points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from daemon.scoring.evaluation import Evaluation, Scores

MOST_POINTS = 240
DECIMALS = 4
"""Of a score, as it is shown and kept."""


@dataclass(frozen=True, slots=True)
class Point:
    """Every task's score at one moment: of an evaluation what a curve needs."""

    boundary: int
    """Number of the boundary; between two, of the one before; -1 before any."""
    task: int
    """The task just learned, or being learned."""
    events: int
    scores: Scores
    """``(max_tasks,)``, NaN where undefined."""

    @classmethod
    def of(cls, evaluation: Evaluation) -> Self:
        """Return the point of an evaluation."""
        return cls(evaluation.boundary, evaluation.task, evaluation.events, evaluation.scores)

    def without(self, codes: Sequence[int]) -> Self:
        """Return the same without the scores of some tasks."""
        scores = self.scores.copy()
        scores[list(codes)] = np.nan
        return replace(self, scores=scores)


class Curve:
    """The evaluations of one learner, thinned evenly: where there are too many, the one that is missed least goes.

    ``points`` are those that an earlier process has kept. Without them, what it saw is known from the matrix's
    boundaries, which are part of the state.
    """

    def __init__(self, points: Iterable[Point] = (), *, most_points: int = MOST_POINTS) -> None:
        self._most_points = most_points
        self._points: list[Point] = []
        for point in points:
            self._add(point)

    @property
    def points(self) -> tuple[Point, ...]:
        """The points that are kept, oldest first."""
        return tuple(self._points)

    def follow(self, evaluations: Iterable[Evaluation], *, latest: Evaluation | None) -> None:
        """Take what is new among the evaluations that are known, of which ``latest`` is the last.

        Where the learner went back to a checkpoint, forget what came after it; where it is another one, that has
        begun anew, forget everything.
        """
        if latest is None:
            self._points = []
            return
        here = _place(latest)
        if here == self._newest:
            return
        if here < self._newest:
            self._points = [point for point in self._points if _place(point) <= here]
        elif latest.boundary < self._newest[1]:
            self._points = []
        newest = self._newest
        made = {_place(each): each for each in (*evaluations, latest)}
        for place in sorted(place for place in made if place > newest):
            self._add(Point.of(made[place]))

    def forget(self, codes: Sequence[int]) -> None:
        """Leave out what is known of tasks whose codes are those of others now."""
        self._points = [point.without(codes) for point in self._points]

    @property
    def _newest(self) -> tuple[int, int]:
        return _place(self._points[-1]) if self._points else (-1, -1)

    def _add(self, point: Point) -> None:
        self._points.append(point)
        if len(self._points) > self._most_points:
            del self._points[_least_missed(self._points)]


def _least_missed(points: Sequence[Point]) -> int:
    """Return the place of the point without which the smallest hole is left; neither the first nor the last."""
    holes = [after.events - before.events for before, after in zip(points, points[2:], strict=False)]
    return 1 + holes.index(min(holes))


def _place(of: Evaluation | Point) -> tuple[int, int]:
    return of.events, of.boundary
