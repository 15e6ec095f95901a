"""One learner's way through the plant, by the real loop."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.learning.pipeline import Pipeline
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
        course.follow(pipeline)
        watch(_standing(pipeline, seconds=clock() - started))
    service.run(stop=stop)
    if not service.source.exhausted:
        return None
    course.follow(pipeline)
    return _learned(service, course, seconds=clock() - started)


class Course:
    """Gathers every evaluation that is made while a stream is learned, each once."""

    def __init__(self) -> None:
        self.evaluations: list[Evaluation] = []
        self._last = (-1, -1)

    def follow(self, pipeline: Pipeline) -> None:
        """Take what is new; to be called more often than evaluations drop out of the matrix's memory."""
        if pipeline.student is None:
            return
        for evaluation in pipeline.student.examiner.matrix.recent():
            place = evaluation.events, evaluation.boundary
            if place > self._last:
                self.evaluations.append(evaluation)
                self._last = place


def _standing(pipeline: Pipeline, *, seconds: float) -> Standing:
    student = pipeline.student
    return Standing(
        events=pipeline.events,
        seconds=seconds,
        regime=pipeline.current_task or "",
        accuracy=None if student is None else student.prequential.total().accuracy,
    )


def _learned(service: Service, course: Course, *, seconds: float) -> Learned:
    pipeline = service.loop.pipeline
    student, names = pipeline.student, pipeline.task_names
    assert student is not None, "the plant has events"
    return Learned(
        name=service.config.name,
        standing=_standing(pipeline, seconds=seconds),
        regimes=tuple(names[index] for index in sorted(names)),
        boundaries=student.examiner.matrix.table(),
        course=tuple(course.evaluations),
        figures=student.examiner.figures(),
        prequential=student.prequential.total(),
    )
