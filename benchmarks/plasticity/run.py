"""One learner, and all tasks."""

from __future__ import annotations

from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.plasticity.settings import SETTINGS, configuration
from benchmarks.plasticity.stream import EVENTS, PIXELS, PermutedDigits
from daemon.build.main_learner import build_main_learner
from daemon.build.pipeline import build_tasks
from daemon.learning.stopwatch import Stopwatch

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from daemon.learning.main_learner import MainLearner

NEWEST = 20
"""Tasks that are asked for again at the end."""
ENDS = 10
"""Tasks at either end of the stream."""


@dataclass(frozen=True, slots=True)
class PlasticityRun:
    """What came of one setting."""

    on_arrival: list[float]
    """Of each task, the share of its events that were predicted right before they were learned."""
    retained: list[float]
    """Of each of the newest tasks, that of its test rows at the end."""
    microseconds: float
    """For each event."""

    @property
    def first(self) -> float:
        """The mean on arrival over the first tasks."""
        return _mean(self.on_arrival[:ENDS])

    @property
    def last(self) -> float:
        """The mean on arrival over the last tasks."""
        return _mean(self.on_arrival[-ENDS:])

    @property
    def retention(self) -> float:
        """The mean over the newest tasks."""
        return _mean(self.retained)


def run(
    setting: str,
    *,
    data: Path,
    tasks: int,
    seed: int,
    validate: bool,
    events: int = EVENTS,
    stop: Callable[[], bool] = lambda: False,
) -> PlasticityRun | None:
    """Teach a learner all tasks, one after another, each with a boundary at its end; None where it is stopped."""
    stream = PermutedDigits(data, seed=seed, validate=validate)
    config = configuration(SETTINGS[setting], seed=seed)
    names = [f"pixel_{number}" for number in range(PIXELS)]
    main = build_main_learner(config, names=names, tasks=build_tasks(config), stopwatch=Stopwatch())
    right, start = [], perf_counter()
    for number in range(tasks):
        if stop():
            return None
        right.append(_taught(main, stream, number, events=events))
    seconds = perf_counter() - start
    newest = range(max(0, tasks - NEWEST), tasks)
    return PlasticityRun(
        right, [_asked(main, stream, number) for number in newest], 1e6 * seconds / (tasks * events)
    )


def _taught(main: MainLearner, stream: PermutedDigits, number: int, *, events: int) -> float:
    arrivals, right, start = stream.task(number, events=events), 0, 0
    while start < events:
        part = arrivals[start : start + main.room]
        start += len(part)
        right += int((main.meet(part).answer.value == part.batch.y).sum())
        main.close_full()
    main.close_block()
    main.end_segment(0, drifted=False)
    return right / events


def _asked(main: MainLearner, stream: PermutedDigits, number: int) -> float:
    x, y = stream.test(number)
    answer = main.scored.learner.predict(x).argmax(1).numpy()
    return float((answer == y).mean())


def _mean(shares: list[float]) -> float:
    return sum(shares) / len(shares)
