"""What is answered about rows without a past is what its members know of the past, and not of today alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson
import pytest

from connectors.record import LocalRecord
from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.snapshot import COMMITTEE, MAIN
from daemon.learning.stopwatch import Stopwatch

CONFIG: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": {"type": "json", "label": "y", "first_events": 1},
    "learner": {"batch": 32, "steps": "auto"},
    "retention": {"probe_share": 0.0},
    "checkpoint": {"directory": "unused"},
    "predictions": {"type": "file", "path": "unused"},
    "committee": {},
}
ROWS = 3_000
CHANCE = np.random.default_rng(3)
RULES = CHANCE.normal(size=(2, 6, 4))


def campaign(number: int, *, rows: int, seed: int, label: str) -> tuple[np.ndarray, np.ndarray]:
    """Rows of one of two campaigns, whose rules have nothing in common, and where readings lie elsewhere."""
    chance = np.random.default_rng(seed)
    x = chance.normal(size=(rows, 6)) + 2 * (2 * number - 1) * np.array([1, 1, 0, 0, 0, 0])
    scores = (x - x.mean(0)) @ RULES[number]
    return x, scores.argmax(1) if label == "class" else scores[:, 0]


def records(x: np.ndarray, y: np.ndarray) -> list[LocalRecord]:
    return [
        LocalRecord(
            "s", 0, n, -1, str(n).encode(), orjson.dumps({f"f{i}": v for i, v in enumerate(row)} | {"y": each}), []
        )
        for n, (row, each) in enumerate(zip(x.tolist(), y.tolist(), strict=True))
    ]


def quality(said: np.ndarray, y: np.ndarray, *, label: str) -> float:
    if label == "class":
        return float(np.mean(said == y))
    return 1 - float(np.square(said - y).sum() / np.square(y - y.mean()).sum())


@pytest.mark.parametrize("label", ["class", "number"])
def test_a_campaign_that_is_over_is_answered_as_well_as_by_the_network_that_rehearses(label: str) -> None:
    config = CONFIG | {"label": {"type": label} | ({"max_classes": 4} if label == "class" else {})}
    pipeline = build_pipeline(
        Config.model_validate(config | {"strategies": [{"type": "replay"}]}), stopwatch=Stopwatch()
    )
    parts = [campaign(number, rows=ROWS, seed=number, label=label) for number in (0, 1)]
    pipeline.process(records(*(np.concatenate(columns) for columns in zip(*parts, strict=True))))
    main = pipeline.main
    assert main is not None
    known = [int(name) for name in pipeline.snapshot().classes]
    found = {}
    for number in (0, 1):
        x, y = campaign(number, rows=500, seed=7 + number, label=label)
        for who, said in main.say(x.astype(np.float32), task=0).items():
            answers = np.array(known)[said] if label == "class" else said
            found[who, number] = quality(answers, y, label=label)
    assert found[COMMITTEE, 0] > found[MAIN, 0] - 0.03
    assert found[COMMITTEE, 1] > found[MAIN, 1] - 0.03
