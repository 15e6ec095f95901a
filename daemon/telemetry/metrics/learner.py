"""What is shown of every learner: of the main one, and with a label of each companion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics import loop, plasticity, prequential, retention, strategies
from daemon.telemetry.metrics.board import OVERFLOW, Board

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    from daemon.telemetry.metrics.bounded_labels import BoundedLabels

LABEL, TARGET = "learner", "target"
FAMILIES = (
    *loop.OF_A_LEARNER,
    *(family for family in strategies.FAMILIES if family is not strategies.CLASSES),
    *plasticity.FAMILIES,
    *prequential.FAMILIES,
    *retention.FAMILIES,
)
"""The families that a companion has too; its series carry the label ``learner``."""


class LearnerMetrics:
    """The areas that tell of one learner. What the main one has done, the loop tells in place of ``training``."""

    def __init__(self, board: Board, *, tasks: BoundedLabels, max_classes: int, max_boundaries: int) -> None:
        self.training = loop.TrainingMetrics(board)
        self.strategies = strategies.StrategyMetrics(board, tasks=tasks, max_classes=max_classes)
        self.plasticity = plasticity.PlasticityMetrics(board)
        self.prequential = prequential.PrequentialMetrics(board, tasks=tasks)
        self.retention = retention.RetentionMetrics(board, tasks=tasks, max_boundaries=max_boundaries)


class AllLearners:
    """A collector of the main board and of those of other learners: each family once, with the series of all.

    The same of several targets: what is told of one of them carries the label ``target``.
    """

    def __init__(self, main: Board) -> None:
        self._main = main
        self._others: Mapping[str, Board] = {}
        self._targets: Mapping[str, AllLearners] = {}

    def add(self, learner: str) -> Board:
        """Return a new board, whose series carry this name."""
        board = Board(FAMILIES)
        self._others = {**self._others, learner: board}
        return board

    def add_target(self, target: str, learners: AllLearners) -> None:
        """Show another target's learners too."""
        self._targets = {**self._targets, target: learners}

    def describe(self) -> Iterator[Metric]:
        """Yield every family without figures."""
        return self._main.describe()

    def collect(self) -> Iterator[Metric]:
        """Yield the families that have figures; those of one board are all of one moment."""
        found = {metric.name: metric for metric in self._main.collect()}
        for learner, board in self._others.items():
            # What overflows there overflows on the main board.
            others = (metric for metric in board.collect() if f"{metric.name}_total" != OVERFLOW.name)
            _merge(others, into=found, label=LABEL, value=learner)
        for target, learners in self._targets.items():
            _merge(learners.collect(), into=found, label=TARGET, value=target)
        return iter(found.values())


def _merge(metrics: Iterable[Metric], *, into: dict[str, Metric], label: str, value: str) -> None:
    """Add series to those of the same families, with a label more."""
    for metric in metrics:
        samples = [sample._replace(labels={**sample.labels, label: value}) for sample in metric.samples]
        metric.samples = []
        into.setdefault(metric.name, metric).samples.extend(samples)
