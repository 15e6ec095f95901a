"""One learner's way through the plant, by the real loop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.learning.snapshot import PipelineSnapshot
    from daemon.scoring.evaluation import Evaluation
    from daemon.scoring.figures import Figures
    from daemon.scoring.prequential_score import PrequentialScore
    from daemon.service import Service


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a learner has come."""

    events: int
    seconds: float
    """Since it began."""
    regime: str
    """That of the newest event."""
    accuracy: float | None
    """Of all predictions so far, each made before its event was learned."""

    @property
    def events_per_second(self) -> float:
        """Events predicted, scored and learned in a second."""
        return self.events / self.seconds if self.seconds else 0.0


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of it: everything that was measured on the way."""

    name: str
    standing: Standing
    regimes: tuple[str, ...]
    """By the index that they have in every evaluation."""
    boundaries: tuple[Evaluation, ...]
    """The rows of the retention matrix."""
    course: tuple[Evaluation, ...]
    """All evaluations, at boundaries and between."""
    figures: Figures
    prequential: PrequentialScore

    @property
    def now(self) -> Evaluation:
        """The latest evaluation."""
        return self.course[-1]


def learn(
    service: Service,
    *,
    stop: Callable[[], bool],
    watch: Callable[[Standing], None],
    clock: Callable[[], float] = time.perf_counter,
) -> Learned | None:
    """Let an opened service learn its source to the end; None where ``stop`` came first.

    ``watch`` is told after every turn of the loop.
    """
    started = clock()
    pipeline, course = service.loop.pipeline, Course()
    while not stop() and not service.source.exhausted:
        service.turn()
        snapshot = pipeline.snapshot()
        course.follow(snapshot)
        watch(_standing(snapshot, seconds=clock() - started))
    service.run(stop=stop)
    if not service.source.exhausted:
        return None
    snapshot = pipeline.snapshot()
    course.follow(snapshot)
    return _learned(service.config.name, snapshot, course, seconds=clock() - started)


class Course:
    """Gathers every evaluation that is made while a stream is learned, each once."""

    def __init__(self) -> None:
        self.evaluations: list[Evaluation] = []
        self._last = (-1, -1)

    def follow(self, snapshot: PipelineSnapshot) -> None:
        """Take what is new; to be called more often than evaluations drop out of the matrix's memory."""
        if snapshot.main is None:
            return
        for evaluation in snapshot.main.scores.recent:
            place = evaluation.events, evaluation.boundary
            if place > self._last:
                self.evaluations.append(evaluation)
                self._last = place


def _standing(snapshot: PipelineSnapshot, *, seconds: float) -> Standing:
    return Standing(
        events=snapshot.events,
        seconds=seconds,
        regime=snapshot.current_task or "",
        accuracy=None if snapshot.main is None else snapshot.main.scores.total.accuracy,
    )


def _learned(name: str, snapshot: PipelineSnapshot, course: Course, *, seconds: float) -> Learned:
    main, names = snapshot.main, snapshot.tasks
    assert main is not None, "the plant has events"
    return Learned(
        name=name,
        standing=_standing(snapshot, seconds=seconds),
        regimes=tuple(names[index] for index in sorted(names)),
        boundaries=main.scores.boundaries,
        course=tuple(course.evaluations),
        figures=main.scores.figures,
        prequential=main.scores.total,
    )
