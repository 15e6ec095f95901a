"""Labels that tell of the same time again and again are not so much evidence: who is right stays believed."""

from __future__ import annotations

import numpy as np

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from tests.daemon.learning.later.late_stream import START, record
from tests.daemon.learning.later.test_later_pipeline import BASE

AHEAD, ROWS = 24, 4_000


def test_a_day_ahead_the_answer_is_about_as_good_as_repeating_the_value() -> None:
    chance = np.random.default_rng(2)
    walk = np.cumsum(chance.normal(size=ROWS)) / 8
    level = walk + np.sin(np.arange(ROWS) * 2 * np.pi / 24) + 0.2 * chance.normal(size=ROWS)
    load = chance.normal(size=ROWS).round(3)
    events = [
        record(
            "stream",
            row,
            START + row * 3_600_000,
            None,
            {"a": round(float(level[row]), 4), "b": float(load[row]), "task": "P"},
        )
        for row in range(ROWS)
    ]
    label = {"from": "stream", "field": "a", "ahead": AHEAD}
    sections = {
        "label": label,
        "companions": {"naive": None, "frozen": None},
        "learner": {"batch": 32, "steps": "auto"},
    }
    pipeline = build_pipeline(Config.model_validate(BASE | sections), stopwatch=Stopwatch())
    said = [each.prediction for each in pipeline.process(events).predictions]
    truth, before = level[AHEAD:], level[:-AHEAD]
    mine = np.array([np.nan if each is None else each for each in said[:-AHEAD]], dtype=float)
    later = np.arange(len(truth)) > 200
    errors = {
        name: float(np.sqrt(np.nanmean(np.square(each - truth)[later])))
        for name, each in (("committee", mine), ("last", before))
    }
    assert errors["committee"] < 1.02 * errors["last"], errors
