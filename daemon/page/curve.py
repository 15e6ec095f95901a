"""A learner's scores over its whole life, in a bounded number of points."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.scoring.evaluation import Evaluation
    from daemon.scoring.retention import RetentionMatrix

MOST_POINTS = 240


class Curve:
    """The evaluations of one learner, thinned evenly: where there are too many, the one that is missed least goes.

    What an earlier process saw is known from the matrix's boundaries, which are part of the state.
    """

    def __init__(self, most_points: int = MOST_POINTS) -> None:
        self._most_points = most_points
        self._points: list[Evaluation] = []

    @property
    def points(self) -> tuple[Evaluation, ...]:
        """The evaluations that are kept, oldest first."""
        return tuple(self._points)

    def follow(self, matrix: RetentionMatrix) -> None:
        """Take what is new; where the learner went back to a checkpoint, forget what came after it."""
        latest = matrix.latest()
        newest = self._newest
        if latest is None or _place(latest) == newest:
            return
        if _place(latest) < newest:
            self._points = [point for point in self._points if _place(point) <= _place(latest)]
            newest = self._newest
        made = {_place(each): each for each in (*matrix.table(), *matrix.recent(), latest)}
        for place in sorted(place for place in made if place > newest):
            self._add(made[place])

    @property
    def _newest(self) -> tuple[int, int]:
        return _place(self._points[-1]) if self._points else (-1, -1)

    def _add(self, evaluation: Evaluation) -> None:
        self._points.append(evaluation)
        if len(self._points) > self._most_points:
            del self._points[_least_missed(self._points)]


def _least_missed(points: Sequence[Evaluation]) -> int:
    """Return the place of the point without which the smallest hole is left; neither the first nor the last."""
    holes = [after.events - before.events for before, after in zip(points, points[2:], strict=False)]
    return 1 + holes.index(min(holes))


def _place(evaluation: Evaluation) -> tuple[int, int]:
    return evaluation.events, evaluation.boundary
