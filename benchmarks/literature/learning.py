"""The daemon's own pipeline on its way through a stream, without Kafka, HTTP or checkpoints."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from benchmarks.literature.evaluation import Evaluation, defined
from daemon.build.pipeline import build_pipeline
from daemon.learning.stopwatch import Stopwatch
from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from benchmarks.literature.protocol import Chunk, Stream
    from daemon.config.schema import Config
    from daemon.learning.main_learner import MainLearner
    from daemon.scoring.figures import Figures
    from daemon.scoring.prequential import Prequential
    from strategies.any_learner import AnyLearner

COURSE_POINTS = 200


class Learning:
    """Predicts and learns chunk after chunk, and evaluates the model at the end of every task."""

    def __init__(
        self, config: Config, stream: Stream, *, evaluation_rows: int | None, clock: Callable[[], float]
    ) -> None:
        self.events = 0
        self._pipeline = build_pipeline(config, stopwatch=Stopwatch())
        self._evaluation = Evaluation(stream, max_tasks=config.retention.max_tasks, rows=evaluation_rows)
        self._clock = clock
        self._seconds = 0.0
        self._course: list[tuple[int, float | None]] = []
        self._next_point = self._point_events = max(1, stream.events // COURSE_POINTS)

    def take(self, chunk: Chunk) -> None:
        """Predict and learn the records of a chunk, of which nothing may be rejected."""
        start = self._clock()
        outcome = self._pipeline.process(chunk.records)
        # A chunk may be smaller than what is looked at first.
        outcome.rejects.extend(self._pipeline.release().rejects)
        if chunk.ends is not None:
            # As at the boundary before the next record: what waits is learned, though the block is not full.
            self._pipeline.close_block()
        self._seconds += self._clock() - start
        assert not outcome.rejects, outcome.rejects[0]
        self.events += len(chunk.records)
        if chunk.ends is not None:
            self._evaluation.task_ends(chunk.ends, answer=self._answer, events=self.events)
        if self.events >= self._next_point:
            self._course.append((self.events, self._main.scored.prequential.windowed().accuracy))
            self._next_point = self.events + self._point_events

    def measured(self) -> dict[str, Any]:
        """Return what was measured, as fields of an ``Outcome``."""
        self._pipeline.finish()
        tasks, matrix, final, retention = self._retention()
        prequential = self._main.scored.prequential.total()
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
                "memory_bytes": memory_bytes(self._main),
                "seconds": self._seconds,
                "events_per_second": self.events / self._seconds,
                **self._evaluation.ahead(),
                **self._beside(),
                **by_task(self._main.scored.prequential, self._tasks),
            },
        }

    def _beside(self) -> dict[str, float | None]:
        """Return the figures of the learners beside the main one; their prequential scores are of what they met."""
        figures: dict[str, float | None] = {}
        for name, companion in self._main.companions:
            prequential = companion.scored.prequential.total()
            latest = companion.scored.evaluator.matrix.latest()
            if self._evaluation.tasks:
                final = self._evaluation.final(partial(self._answer, learner=companion.scored.learner))
            else:
                final = [] if latest is None else [defined(score) for score in latest.scores.tolist()]
            figures[f"{name}_prequential_accuracy"] = prequential.accuracy
            figures[f"{name}_final_accuracy"] = mean(final)
        return figures

    def _retention(self) -> tuple[list[str], list[list[float | None]], list[float | None], Figures]:
        """Return tasks, R, the scores at the end and their figures: on test rows, else on the probe sets."""
        evaluation = self._evaluation
        if evaluation.tasks:
            return evaluation.tasks, evaluation.matrix(), evaluation.final(self._answer), evaluation.figures()
        scores, names = self._main.scored.evaluator.matrix, self._tasks
        latest = scores.latest()
        assert latest is not None, "the stream has events"
        rows = [*scores.matrix(), latest.scores]
        width = len(names)
        matrix = [[defined(score) for score in row[:width].tolist()] for row in rows]
        return [names[code] for code in sorted(names)], matrix, matrix[-1], scores.figures()

    def _answer(self, x: NDArray[Any], task: str, *, learner: AnyLearner | None = None) -> NDArray[Any]:
        learner = learner or self._main.scored.learner
        codes = {name: code for code, name in self._tasks.items()}
        rows = torch.from_numpy(x)
        outputs = learner.predict(rows, torch.full((len(x),), codes.get(task, UNKNOWN)))
        answers: NDArray[Any] = learner.objective.answer(outputs).value.numpy()
        return answers

    @property
    def _tasks(self) -> Mapping[int, str]:
        """Names of the known tasks, by code."""
        return self._pipeline.snapshot().tasks

    @property
    def _main(self) -> MainLearner:
        main = self._pipeline.main
        assert main is not None, "the first chunk has made it"
        return main


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


def memory_bytes(main: MainLearner) -> int:
    """Return the bytes in which the strategies keep what they remember, as they state them in their gauges."""
    gauges = [strategy.gauges() for _, strategy in main.scored.learner.strategies]
    return int(sum(value for of in gauges for name, value in of.items() if name.endswith("_bytes")))
