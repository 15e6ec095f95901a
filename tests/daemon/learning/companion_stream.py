"""A small stream, and the companions of the main learner that learns it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.state.state_tree import copy_tree
from tests.daemon.event_stream import Stretch, events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.record import LocalRecord
    from daemon.learning.companion import Companion
    from daemon.learning.main_learner import MainLearner
    from daemon.learning.pipeline import Pipeline

ALWAYS = {"every_blocks": 1, "every_examinations": 1}
NOBODY = {"naive": None, "frozen": None}
CONFIG: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": {"type": "json", "label": "y", "task": "task", "missing": "mean", "first_events": 1},
    "label": {"type": "class", "max_classes": 3},
    "tasks": {"type": "field"},
    "model": {"type": "mlp", "hidden": [8]},
    "learner": {"batch": 7},
    "strategies": [{"type": "replay", "rows": 40}, {"type": "ewc", "fisher_rows": 20}],
    "retention": {"probe_share": 0.2, "probe_rows": 10, "every_events": 50, "window": 30, "min_segment_events": 5},
    "checkpoint": {"directory": "unused"},
    "companions": NOBODY,
}


def noisy(*, features: int, outputs: int) -> nn.Module:
    """A model that draws from torch's global generator whenever it is trained."""
    return nn.Sequential(nn.Linear(features, 8), nn.Dropout(0.5), nn.Linear(8, outputs))


NOISY = {"model": {"type": f"{__name__}:noisy"}}


def stream(tasks: str = "PQPR", *, rows: int = 45, regression: bool = False) -> list[LocalRecord]:
    return events([Stretch(task, rows) for task in tasks], seed=3, regression=regression)


def pipeline(**sections: Any) -> Pipeline:
    return build_pipeline(Config.model_validate(CONFIG | sections), stopwatch=Stopwatch())


def learned(records: Sequence[LocalRecord], **sections: Any) -> MainLearner:
    """The main learner that has learned them all, the last block too."""
    made = pipeline(**sections)
    made.process(records)
    made.close_block()
    return main_of(made)


def main_of(made: Pipeline) -> MainLearner:
    assert made.main is not None
    return made.main


def companion(main: MainLearner, name: str) -> Companion:
    return dict(main.companions)[name]


def state_of(learner: MainLearner | Companion) -> dict[str, Any]:
    """What every learner has: the model and its scores."""
    return copy_tree(learner.scored.state_dict())


def generator_now() -> list[int]:
    return [int(byte) for byte in torch.get_rng_state()]
