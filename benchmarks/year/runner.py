"""One variant's way through the year, in the daemon's own pipeline."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.year.log import Point, Setting, YearLog, YearLogError
from benchmarks.year.records import records
from benchmarks.year.retention import kept
from benchmarks.year.states import STATES
from benchmarks.year.variants import configuration
from daemon.build.pipeline import build_pipeline
from daemon.build.restored import restored
from daemon.config.effective import effective
from daemon.intake.labels.alone import ALONE
from daemon.learning.snapshot import NO_CHANGE
from daemon.learning.stopwatch import Stopwatch
from daemon.state.checkpoints import CheckpointStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.year.log import Count
    from benchmarks.year.simulator import Rows, Simulator
    from daemon.learning.pipeline import Pipeline
    from daemon.scoring.prequential_score import PrequentialScore

    Watch = Callable[[int, int], None]
    """Is told how many events are learned, and how many there are; it may raise."""

ROWS_AT_ONCE = 512
WEEK_DAYS = 7
LEAST_HELD_OUT, MOST_HELD_OUT = 100, 2000


@dataclass(slots=True)
class _Tally:
    """What a week has come to so far."""

    states: NDArray[np.int64] = field(default_factory=lambda: np.zeros((len(STATES), 2), dtype=np.int64))
    products: dict[str, list[int]] = field(default_factory=dict)
    seconds: float = 0.0

    def add(self, rows: Rows, right: NDArray[np.bool_], simulator: Simulator) -> None:
        np.add.at(self.states, rows.label, np.stack((np.ones(len(right), dtype=np.int64), right), axis=1))
        for number in np.unique(rows.campaign).tolist():
            made = rows.campaign == number
            count = self.products.setdefault(simulator.campaigns[number].product, [0, 0])
            count[0] += int(made.sum())
            count[1] += int(right[made].sum())


class Run:
    """A variant that learns the year and writes down how it does; it goes on from its newest checkpoint."""

    def __init__(
        self,
        variant: str,
        simulator: Simulator,
        *,
        folder: Path,
        seed: int = 0,
        clock: Callable[[], float] = time.process_time,
    ) -> None:
        self._simulator = simulator
        self._clock = clock
        self._log = YearLog(folder, variant)
        config = configuration(variant, seed=seed)
        self._setting = Setting(
            variant=variant,
            events=simulator.events,
            days=simulator.days,
            seed=simulator.seed,
            configuration=effective(config),
        )
        self._store = CheckpointStore(folder / f"{variant}.state", keep=1)
        if self._log.exists and self._log.read()[0] != self._setting:
            raise YearLogError(f"{folder} has another run of {variant}; name another folder with --out")
        saved = self._store.load_newest()
        stopwatch = Stopwatch()
        self._pipeline: Pipeline = (
            build_pipeline(config, stopwatch=stopwatch)
            if saved is None
            else restored(config, saved.saved, stopwatch=stopwatch).by_target[ALONE]
        )

    def run(self, watch: Watch = lambda _done, _all: None) -> None:
        """Learn what is left of the year, week after week."""
        points = self._log.begin(self._setting, events=self._pipeline.events)
        for week in range(len(points), math.ceil(self._simulator.days / WEEK_DAYS)):
            day = min(WEEK_DAYS * (week + 1.0), self._simulator.days)
            self._learn_week(week, day, watch)
            self._store.write({"pipeline": self._pipeline.state_dict()}, self._pipeline.summary())

    def _learn_week(self, week: int, day: float, watch: Watch) -> None:
        tally, before = _Tally(), self._scores()
        stop = self._simulator.events_before(day)
        while (start := self._pipeline.events) < stop:
            self._learn(start, min(stop, start + ROWS_AT_ONCE), tally)
            watch(self._pipeline.events, self._simulator.events)
        if self._pipeline.events:
            self._log.add(self._point(week, day, tally, before=before))

    def _learn(self, start: int, stop: int, tally: _Tally) -> None:
        rows = self._simulator.rows(start, stop)
        arriving = records(rows, self._simulator.campaigns, start=start)
        begun = self._clock()
        outcome = self._pipeline.process(arriving)
        tally.seconds += self._clock() - begun
        assert not outcome.rejects, outcome.rejects[0]
        right = np.array([one.prediction == one.label for one in outcome.predictions], dtype=np.bool_)
        self._log.add_hits(right)
        tally.add(rows, right, self._simulator)

    def _point(self, week: int, day: float, tally: _Tally, *, before: Mapping[str, Count]) -> Point:
        held_out = min(MOST_HELD_OUT, max(LEAST_HELD_OUT, self._simulator.events // 500))
        committee = self._pipeline.snapshot().committee
        answers, right = tally.states.sum(0).tolist()
        return Point(
            week=week,
            day=day,
            events=self._pipeline.events,
            answers=(answers, right),
            on_arrival={who: _since(before.get(who, (0, 0)), count) for who, count in self._scores().items()},
            products={name: (rows, right) for name, (rows, right) in tally.products.items()},
            states={name: (rows, right) for name, (rows, right) in _named(tally.states)},
            kept=kept(self._pipeline, self._simulator, day=day, rows=held_out),
            weights={} if committee is None else {name: round(one, 4) for name, one in committee.weights.items()},
            seconds=round(tally.seconds, 3),
        )

    def _scores(self) -> dict[str, Count]:
        """Return the answers so far, and those that were right, of everybody who is scored on arrival."""
        learners = self._pipeline.snapshot().learners
        counts = {name: _count(one.scores.total) for name, one in learners.items()}
        for one in list(learners.values())[:1]:
            total = one.scores.total
            counts[NO_CHANGE] = (total.compared, round(total.compared * (total.no_change_accuracy or 0.0)))
        return counts


def _count(score: PrequentialScore) -> Count:
    return score.rows, round(score.rows * (score.accuracy or 0.0))


def _since(before: Count, now: Count) -> Count:
    return now[0] - before[0], now[1] - before[1]


def _named(states: NDArray[np.int64]) -> Iterable[tuple[str, list[int]]]:
    return [(name, count) for name, count in zip(STATES, states.tolist(), strict=True) if count[0]]
