"""Learns a stream with the daemon's own service, with a budget or without."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.budget.streams import write_stretch
from daemon.config.schema import Config
from daemon.service import Service

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.budget.streams import BudgetStream
    from daemon.scoring.figures import TaskFigures

BUDGET = 0.03
SCALE, OFFSET = 1 / 255, 0.0
EVERY_EVENTS = 1_000


@dataclass(slots=True)
class BudgetRun:
    """What came of it."""

    lost: dict[int, float] = field(default_factory=dict)
    """Of the earlier task, by the events of each evaluation."""
    now: float | None = None
    """Score of the earlier task at the end."""
    newest: float | None = None
    """Of the answers to the last events on arrival."""
    entered: Mapping[str, int] = field(default_factory=dict)
    """How often each stage was begun; nothing without a budget."""
    let_go: int = 0

    def look(self, figures: TaskFigures | None, *, events: int) -> None:
        """Take note of how the earlier task stands at the evaluation after so many events."""
        if figures is not None and figures.forgetting is not None:
            self.lost[events] = figures.forgetting

    @property
    def inside(self) -> float:
        """Share of evaluations with at most the budget lost and a point, about the standard error of 500 probes."""
        within = [lost <= BUDGET + 0.01 for lost in self.lost.values()]
        return sum(within) / max(1, len(within))


def run(stream: BudgetStream, *, data: Path, held: bool, stop: Callable[[], bool]) -> BudgetRun | None:
    """Learn a stream; None where it was stopped. Raises ``DataFileError``."""
    done = BudgetRun()
    with tempfile.TemporaryDirectory() as folder:
        entries = [write_stretch(each, Path(folder), n) for n, each in enumerate(stream.make(data))]
        config = Config.model_validate(_sections(stream, entries, folder=Path(folder), held=held))
        with Service(config) as service:

            def looks() -> bool:
                main = service.loop.pipeline.by_target[""].main if "" in service.loop.pipeline.by_target else None
                if main is not None:
                    figures = main.scored.evaluator.figures()
                    done.look(figures.tasks.get(0), events=figures.events or 0)
                return stop()

            service.run(stop=looks)
            snapshot = service.loop.pipeline.snapshot()
    if stop():
        return None
    assert snapshot.main is not None
    scores = snapshot.main.scores
    done.now, done.newest = scores.figures.tasks[0].now, scores.window.retention_score
    if snapshot.budget is not None:
        done.entered, done.let_go = snapshot.budget.entered, snapshot.budget.let_go
    return done


def _sections(stream: BudgetStream, entries: list[dict[str, str]], *, folder: Path, held: bool) -> dict[str, Any]:
    budget = {"budget": BUDGET, "accept_after": stream.accept_after} if held else {}
    return {
        "source": {"type": "file", "path": entries},
        "decoder": {
            "type": "raw",
            "dtype": "uint8",
            "shape": [784],
            "scale": SCALE,
            "offset": OFFSET,
            "label": "label",
            "task": "task",
        },
        "label": {"classes": [str(label) for label in range(10)]},
        "tasks": {"type": "field"},
        "model": {"type": "mlp", "hidden": [100]},
        "optimizer": {"type": "sgd", "lr": 0.1},
        "learner": {"batch": 32, "standardise": False},
        "strategies": [{"type": "replay", "rows": stream.rows, "storage": "uint8", "range": [0.0, 1.0]}],
        "companions": {"naive": None, "frozen": None},
        "retention": {"probe_share": 0.05, "every_events": EVERY_EVENTS, "window": 2_000} | budget,
        "checkpoint": {"directory": str(folder / "state"), "every_events": EVERY_EVENTS, "every_seconds": 1e9},
        "http": {"port": 0},
        "log": {"level": "warning"},
    }
