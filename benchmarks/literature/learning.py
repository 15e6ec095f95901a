"""The daemon's own pipeline on its way through a stream, without Kafka, HTTP or checkpoints."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.literature.examination import Examination, defined
from daemon.build.pipeline import build_pipeline
from daemon.learning.stopwatch import Stopwatch
from strategies.network import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.literature.protocol import Part, Stream
    from daemon.config.schema import Config
    from daemon.learning.main_learner import Student
    from daemon.scoring.figures import Figures
    from daemon.scoring.prequential import Prequential
    from strategies.learner import Learner

COURSE_POINTS = 200


class Learning:
    """Predicts and learns part after part, and examines the model at the end of every task."""

    def __init__(
        self, config: Config, stream: Stream, *, inner_exam_rows: int | None, clock: Callable[[], float]
    ) -> None:
        self.events = 0
        self._pipeline = build_pipeline(config, stopwatch=Stopwatch())
        self._examination = Examination(stream, max_tasks=config.retention.max_tasks, rows=inner_exam_rows)
        self._clock = clock
        self._seconds = 0.0
        self._course: list[tuple[int, float | None]] = []
        self._next_point = self._point_events = max(1, stream.events // COURSE_POINTS)

    def take(self, part: Part) -> None:
        """Predict and learn the records of a part, of which nothing may be rejected."""
        start = self._clock()
        outcome = self._pipeline.process(part.records)
        if part.ends is not None:
            # As at the boundary before the next record: what waits is learned, though the block is not full.
            self._pipeline.close_block()
        self._seconds += self._clock() - start
        assert not outcome.rejects, outcome.rejects[0]
        self.events += len(part.records)
        if part.ends is not None:
            self._examination.task_ends(part.ends, answer=self._answer, events=self.events)
        if self.events >= self._next_point:
            self._course.append((self.events, self._student.prequential.windowed().accuracy))
            self._next_point = self.events + self._point_events

    def measured(self) -> dict[str, Any]:
        """Return what was measured, as fields of an ``Outcome``."""
        self._pipeline.finish()
        tasks, matrix, final, retention = self._retention()
        prequential = self._student.prequential.total()
        return {
            "tasks": tasks,
            "matrix": matrix,
            "final": final,
            "course": self._course,
            "figures": {
                "final_accuracy": mean(final),
                "backward_transfer": retention.backward_transfer,
                "forgetting": retention.forgetting,
                "learning_accuracy": retention.learning_accuracy,
                "prequential_accuracy": prequential.accuracy,
                "no_change_accuracy": prequential.no_change_accuracy,
                "memory_bytes": memory_bytes(self._student),
                "seconds": self._seconds,
                "events_per_second": self.events / self._seconds,
                **self._beside(),
                **by_task(self._student.prequential, self._pipeline.task_names),
            },
        }

    def _beside(self) -> dict[str, float | None]:
        """Return the figures of the learners beside the main one; their prequential scores are of what they met."""
        figures: dict[str, float | None] = {}
        for name, companion in self._student.companions:
            prequential = companion.prequential.total()
            latest = companion.examiner.matrix.latest()
            if self._examination.tasks:
                final = self._examination.final(partial(self._answer, learner=companion.learner))
            else:
                final = [] if latest is None else [defined(score) for score in latest.scores.tolist()]
            figures[f"{name}_prequential_accuracy"] = prequential.accuracy
            figures[f"{name}_final_accuracy"] = mean(final)
        return figures

    def _retention(self) -> tuple[list[str], list[list[float | None]], list[float | None], Figures]:
        """Return tasks, R, the scores at the end and their figures: by exams, else by the daemon's probe sets."""
        examined = self._examination
        if examined.tasks:
            return examined.tasks, examined.matrix(), examined.final(self._answer), examined.figures()
        marks, names = self._student.examiner.matrix, self._pipeline.task_names
        latest = marks.latest()
        assert latest is not None, "the stream has events"
        rows = [*marks.matrix(), latest.scores]
        width = len(names)
        matrix = [[defined(score) for score in row[:width].tolist()] for row in rows]
        return [names[code] for code in sorted(names)], matrix, matrix[-1], marks.figures()

    def _answer(self, x: NDArray[Any], task: str, *, learner: Learner | None = None) -> NDArray[Any]:
        learner = learner or self._student.learner
        codes = {name: code for code, name in self._pipeline.task_names.items()}
        rows = torch.from_numpy(x)
        outputs = learner.predict(rows, torch.full((len(x),), codes.get(task, UNKNOWN)))
        answers: NDArray[Any] = learner.objective.answer(outputs).value.numpy()
        return answers

    @property
    def _student(self) -> Student:
        student = self._pipeline.student
        assert student is not None, "the first part has made it"
        return student


def mean(scores: Sequence[float | None]) -> float | None:
    """Return the mean of those scores that there are."""
    known = [score for score in scores if score is not None]
    return sum(known) / len(known) if known else None


def by_task(prequential: Prequential, names: Mapping[int, str]) -> dict[str, float | None]:
    """Return the prequential accuracy of every task, and that of repeating the last label."""
    figures: dict[str, float | None] = {}
    for code, name in names.items():
        score = prequential.of_task(code)
        figures[f"prequential_accuracy.{name}"] = score.accuracy
        figures[f"no_change_accuracy.{name}"] = score.no_change_accuracy
    return figures


def memory_bytes(student: Student) -> int:
    """Return the bytes in which the strategies keep what they remember, as they state them in their gauges."""
    gauges = [strategy.gauges() for _, strategy in student.learner.strategies]
    return int(sum(value for of in gauges for name, value in of.items() if name.endswith("_bytes")))
