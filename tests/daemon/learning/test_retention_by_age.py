"""Where nobody names tasks, what was lost shows by its age."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from connectors.record import LocalRecord
from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch

if TYPE_CHECKING:
    from daemon.scoring.age_scores import AgeScore

EVENTS = 6_000


def ages_after(*, regression: bool = False, **sections: Any) -> dict[str, AgeScore]:
    """Scores by age after a stream whose second half is of another place, without anybody saying so."""
    rng = np.random.default_rng(3)
    records = []
    for number in range(EVENTS):
        late = number >= EVENTS / 2
        a, b = (rng.normal(size=2) + (3 if late else 0)).tolist()
        y: Any = (a - b) * (-1 if late else 1) if regression else ("up" if (a > b) != late else "down")
        records.append(LocalRecord("s", 0, number, -1, None, orjson.dumps({"a": a, "b": b, "y": y}), []))
    options: dict[str, Any] = {
        "source": {"type": "file", "path": "unused"},
        "decoder": {"type": "json", "label": "y"},
        "label": {"type": "number"} if regression else {"type": "class", "max_classes": 2},
        "tasks": {"type": "none"},
        "model": {"type": "mlp", "hidden": [16]},
        "optimizer": {"type": "adam", "lr": 0.01},
        "learner": {"batch": 10, "scale_half_life": None},
        "strategies": [],
        "retention": {"probe_share": 0.1, "age_rows": 100, "every_events": 500},
        "companions": {"naive": None, "frozen": None},
        "checkpoint": {"directory": "unused"},
    }
    pipeline = build_pipeline(Config.model_validate(options | sections), stopwatch=Stopwatch())
    pipeline.process(records)
    pipeline.finish()
    snapshot = pipeline.snapshot()
    assert snapshot.main is not None
    assert snapshot.main.scores.figures.forgetting is None, "no task has ended"
    return {each.age: each for each in snapshot.ages}


@pytest.mark.parametrize("regression", [False, True], ids=["classes", "numbers"])
def test_a_model_that_keeps_nothing_has_lost_what_came_long_ago(*, regression: bool) -> None:
    naive = ages_after(regression=regression)["1e3"]
    keeps = ages_after(regression=regression, strategies=[{"type": "replay", "rows": 2_000}])["1e3"]
    assert naive.samples >= 80
    assert lost(naive) > 0.1
    assert lost(keeps) < 0.05


def lost(score: AgeScore) -> float:
    assert score.now is not None
    assert score.when_new is not None
    return score.when_new - score.now
