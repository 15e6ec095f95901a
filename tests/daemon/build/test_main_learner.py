"""What is said when a main learner is made."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from tests.daemon.event_stream import Stretch, events
from tests.daemon.learning.test_pipeline import BASE


@pytest.mark.parametrize(
    ("sections", "stands"),
    [
        ({}, False),
        ({"model": {"type": "closed_form"}, "strategies": []}, True),
        ({"model": {"type": "closed_form"}, "strategies": [], "learner": {"standardise": False}}, False),
        ({"adapters": [{"type": "lora"}]}, True),
    ],
)
def test_it_is_said_where_the_scale_cannot_follow(
    sections: dict[str, Any], capsys: pytest.CaptureFixture[str], *, stands: bool
) -> None:
    pipeline = build_pipeline(Config.model_validate(BASE | sections), stopwatch=Stopwatch())
    pipeline.process(events([Stretch("P", 20)], seed=0))
    assert ("the scale of features stands" in "".join(capsys.readouterr())) == stands
