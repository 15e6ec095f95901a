"""What others can see of the loop."""

from __future__ import annotations

import json
from math import nan

import numpy as np
import pytest

from daemon.telemetry.health import Health


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def signs(clock: Clock) -> Health:
    return Health(turn_limit_seconds=5.0, clock=clock)


def test_a_loop_that_turns_is_alive_and_one_that_is_silent_too_long_is_not(signs: Health, clock: Clock) -> None:
    signs.turned()
    clock.now += 5.0
    assert signs.why_not_alive() is None
    clock.now += 0.5
    assert signs.why_not_alive() == "the loop has not turned for 5.5 s; its limit is 5 s"
    signs.turned()
    assert signs.why_not_alive() is None


def test_a_loop_that_never_began_to_turn_is_dead_after_the_limit(signs: Health, clock: Clock) -> None:
    assert signs.why_not_alive() is None
    clock.now += 6.0
    assert signs.why_not_alive() is not None


def test_long_work_that_was_announced_is_not_taken_for_a_stuck_loop(signs: Health, clock: Clock) -> None:
    signs.turned(next_within_seconds=60.0)
    clock.now += 59.0
    assert signs.why_not_alive() is None
    signs.turned()
    clock.now += 6.0
    assert signs.why_not_alive() is not None


def test_liveness_does_not_depend_on_readiness_but_readiness_on_liveness(signs: Health, clock: Clock) -> None:
    assert signs.why_not_ready() == "starting"
    assert signs.why_not_alive() is None
    signs.ready()
    assert signs.why_not_ready() is None
    clock.now += 6.0
    assert signs.why_not_ready() == signs.why_not_alive() is not None
    signs.turned()
    signs.not_ready("partition plant-0 has stalled")
    assert signs.why_not_ready() == "partition plant-0 has stalled"


def test_the_published_status_is_fixed_redacted_and_valid_json(signs: Health) -> None:
    status = {"step": np.int64(3), "loss": nan, "sasl_plain_password": "hunter2", "tasks": ["day"]}
    signs.publish(status)
    status["tasks"] = []
    assert json.loads(signs.status()) == {
        "step": 3,
        "loss": None,
        "sasl_plain_password": "[redacted]",
        "tasks": ["day"],
    }
