"""The daemon as a stranger would start it, on its way through a stream."""

from __future__ import annotations

import json
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import torch

from benchmarks.arena.course import ROWS_AT_ONCE, UNKNOWN, Course
from benchmarks.arena.table import HeldOutOfTasks
from benchmarks.literature.evaluation import Evaluation
from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.learning.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    from benchmarks.arena.course import Watch
    from benchmarks.arena.table import Table
    from connectors.sink import Prediction
    from daemon.config.schema import Config
    from daemon.intake.arrivals import Arrivals
    from daemon.learning.main_learner import MainLearner, Met
    from daemon.learning.pipeline import Pipeline

LABEL = "label"


def written(*, classes: int, seed: int) -> dict[str, Any]:
    """Return the whole configuration: where events are, which field is the label, and what a label is.

    ``classes`` is how many there are, 0 where the label is a number.
    """
    return {
        "source": {"type": "file", "path": "(the table)"},
        "decoder": {"type": "json", "label": LABEL},
        "label": {"type": "class", "max_classes": classes} if classes else {"type": "number"},
        "strategies": "default",
        "predictions": {"type": "file", "path": "(nowhere)"},
        "checkpoint": {"directory": "(none)"},
        "seed": seed,
    }


@cache
def default(*, classes: int, seed: int) -> Config:
    """Return the configuration with every default filled in."""
    # JSON is YAML.
    text = json.dumps(written(classes=classes, seed=seed)).encode()
    return load_bytes(text, file="the arena's default", environ={})


def run_untouched(table: Table, *, seed: int, watch: Watch, clock: Callable[[], float]) -> Course:
    """Let the daemon's own pipeline predict and learn every row, without Kafka, HTTP or checkpoints.

    What counts is what it publishes. Retention is the main learner's: the committee is no model of a single row.
    """
    return Untouched(table, seed=seed, clock=clock).run(watch)


class Untouched:
    """A pipeline of the daemon, and what it says."""

    def __init__(self, table: Table, *, seed: int, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock
        self._pipeline = build_pipeline(default(classes=len(table.classes), seed=seed), stopwatch=Stopwatch())
        self._likelihood: list[NDArray[np.float64]] = []
        self._said: list[Prediction] = []
        self._seconds = 0.0
        self._retention = Evaluation(HeldOutOfTasks(table), max_tasks=max(1, len(table.tasks)), rows=None)

    def run(self, watch: Watch) -> Course:
        """Learn all rows; return what was said of them."""
        ends = {task.stop: task.name for task in self._table.tasks}
        for start, stop in _polls(self._table):
            self._take(start, stop)
            if stop in ends:
                self._retention.task_ends(ends[stop], answer=self._main_answers, events=stop)
            watch(stop, len(self._table))
        return Course(
            answers=self._answers(),
            likelihood=np.concatenate(self._likelihood) if self._table.classes else None,
            seconds=self._seconds,
            retention=self._retention,
            extra={"main_score": self._main_score()},
        )

    def _take(self, start: int, stop: int) -> None:
        records = [_record(self._table, row) for row in range(start, stop)]
        begun = self._clock()
        outcome = self._pipeline.process(records)
        # As the others, it has to answer the first row before it sees the next ones.
        released = self._pipeline.release()
        outcome.predictions.extend(released.predictions)
        outcome.rejects.extend(released.rejects)
        self._seconds += self._clock() - begun
        assert not outcome.rejects, outcome.rejects[0]
        if not self._said:
            # Nobody can know a class before the first label.
            self._likelihood.append(np.full(stop - start, 1 / max(1, len(self._table.classes))))
            self._overhear(_main(self._pipeline))
        self._said += outcome.predictions

    def _overhear(self, main: MainLearner) -> None:
        """Keep the probabilities of what is said from now on; what is published has only that of the answer."""
        meet = main.meet

        def overheard(arrivals: Arrivals) -> Met:
            met = meet(arrivals)
            if met.answer.logits is not None:
                self._likelihood.append(_likelihood(met.answer.logits, arrivals.batch.y))
            return met

        vars(main)["meet"] = overheard

    def _answers(self) -> NDArray[Any]:
        said = [one.prediction for one in self._said]
        if not self._table.classes:
            return np.array(said, dtype=np.float64)
        codes = {name: code for code, name in enumerate(self._table.classes)}
        return np.array([codes.get(str(name), UNKNOWN) for name in said], dtype=np.int64)

    def _main_answers(self, x: NDArray[np.float32], _task: str) -> NDArray[np.int64]:
        """Return what the main learner alone says of rows that it does not learn."""
        columns = [self._table.names.index(name) for name in self._pipeline.feature_names or ()]
        learner = _main(self._pipeline).scored.learner
        codes = {name: code for code, name in enumerate(self._table.classes)}
        known = np.array([codes[name] for name in self._pipeline.snapshot().classes], dtype=np.int64)
        answer = learner.objective.answer(learner.predict(torch.from_numpy(x[:, columns]))).value.numpy()
        # An output that no class has yet is never right.
        answers: NDArray[np.int64] = np.append(known, np.full(len(codes), UNKNOWN))[answer]
        return answers

    def _main_score(self) -> float | None:
        main = self._pipeline.snapshot().main
        assert main is not None, "the stream has events"
        total = main.scores.total
        return total.accuracy if self._table.classes else total.r2


def _main(pipeline: Pipeline) -> MainLearner:
    assert pipeline.main is not None, "the first record has made it"
    return pipeline.main


def _polls(table: Table) -> Iterator[tuple[int, int]]:
    """Yield the rows of each poll; the first is of one row, and none crosses the end of a task."""
    cuts = {0, 1, *range(0, len(table), ROWS_AT_ONCE), *(task.stop for task in table.tasks), len(table)}
    yield from pairwise(sorted(cuts))


def _record(table: Table, row: int) -> LocalRecord:
    label = table.classes[table.y[row]] if table.classes else float(table.y[row])
    key = None if table.key is None else table.keys[table.key[row]].encode()
    value = orjson.dumps(table.row(table.x[row]) | {LABEL: label})
    return LocalRecord("arena", 0, row, -1, key, value, [])


def _likelihood(logits: torch.Tensor, y: torch.Tensor) -> NDArray[np.float64]:
    """Return the probability ``(rows,)`` of each row's class; 0 where it could not be said yet."""
    probabilities = torch.softmax(logits.double(), 1).numpy()
    label = y.numpy()
    if not probabilities.shape[1]:
        return np.zeros(len(label))
    sayable = label < probabilities.shape[1]
    picked = probabilities[np.arange(len(label)), np.where(sayable, label, 0)]
    return np.asarray(np.where(sayable, picked, 0.0), dtype=np.float64)
