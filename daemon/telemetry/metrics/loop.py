"""What the loop did, turn by turn: events, steps and where the time went."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Distribution, Family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.telemetry.metrics.board import Board, Draft

STAGES = (
    "poll", "decode", "predict", "score", "committee", "learn", "retention", "companions", "checkpoint", "publish",
    "serving",
)  # fmt: skip
TURN_BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_NOTHING: Mapping[str, float] = MappingProxyType({})

RECEIVED = Family("retaind_events_received_total", "counter", "Records delivered by the source.", unit="events")
PREDICTED = Family(
    "retaind_events_predicted_total",
    "counter",
    "Events predicted on arrival, before their label was used.",
    unit="events",
)
LEARNED = Family("retaind_events_learned_total", "counter", "Events whose step was accepted.", unit="events")
HELD_OUT = Family(
    "retaind_events_held_out_total", "counter", "Events held out for the probe sets, never learned.", unit="events"
)
NEWEST = Family(
    "retaind_newest_event_timestamp_seconds",
    "gauge",
    "Event time of the newest event in the last poll that delivered any.",
    unit="seconds",
)
STEPS = Family("retaind_learner_steps_total", "counter", "Optimizer steps accepted.", unit="steps")
STEPS_REJECTED = Family(
    "retaind_learner_steps_rejected_total",
    "counter",
    "Steps rejected because the loss or the gradient was not finite; the weights stayed as they were.",
    unit="steps",
)
STEPS_SAVED = Family(
    "retaind_learner_steps_saved_total",
    "counter",
    "Steps not made because the step budget (learner.updates_per_task) was used up.",
    unit="steps",
)
LOSS = Family("retaind_learner_loss", "gauge", "Mean loss of the fresh rows in the last accepted step.")
BUSY = Family(
    "retaind_busy_seconds_total",
    "counter",
    "Time that the loop spent in each stage; poll includes waiting for events.",
    ("stage",),
    unit="seconds",
)
TURN = Family(
    "retaind_loop_turn_seconds", "histogram", "Duration of one turn of the loop, waiting included.", unit="seconds"
)
COUNTS: Mapping[str, Family] = MappingProxyType(
    {
        "predicted": PREDICTED,
        "learned": LEARNED,
        "held_out": HELD_OUT,
        "steps": STEPS,
        "steps_rejected": STEPS_REJECTED,
        "steps_saved": STEPS_SAVED,
    }
)
"""What is counted of the work on events, by the name that a tally has for it."""
OF_A_LEARNER = (STEPS, STEPS_REJECTED, STEPS_SAVED, LOSS)
FAMILIES = (RECEIVED, PREDICTED, LEARNED, HELD_OUT, NEWEST, STEPS, STEPS_REJECTED, STEPS_SAVED, LOSS, BUSY, TURN)


class LoopMetrics:
    """Counts the work of this process; every counter here starts at 0 with it.

    What was done with the events is told of each target by itself, where there are several: it is not ``alone``.
    """

    def __init__(self, board: Board, *, alone: bool = True) -> None:
        self._board = board
        with board.tell() as now:
            for family in (RECEIVED, *(COUNTS.values() if alone else ())):
                now.add(family, 0)
            for stage in STAGES:
                now.add(BUSY, 0, stage)
            now.start(TURN, Distribution.empty(TURN_BOUNDS))

    def turn(
        self,
        *,
        received: int = 0,
        loss: float | None = None,
        newest_event_seconds: float | None = None,
        busy_seconds: Mapping[str, float] = _NOTHING,
        turn_seconds: float | None = None,
        **counts: int,
    ) -> None:
        """Add what one turn of the loop did; the ``counts``, by the names of ``COUNTS``, are of this turn alone.

        ``loss`` and ``newest_event_seconds`` (Unix time) stay as they were where they are None. ``busy_seconds`` is
        by stage, one of ``STAGES``.
        """
        assert busy_seconds.keys() <= set(STAGES), busy_seconds
        with self._board.tell() as now:
            now.add(RECEIVED, received)
            now.add_each(BUSY, busy_seconds)
            _count(now, counts, loss=loss)
            if newest_event_seconds is not None:
                now.set(NEWEST, newest_event_seconds)
            if turn_seconds is not None:
                now.observe(TURN, turn_seconds)


class WorkMetrics:
    """Counts what was done with events for one of several targets."""

    def __init__(self, board: Board) -> None:
        self._board = board
        with board.tell() as now:
            _count(now, dict.fromkeys(COUNTS, 0), loss=None)

    def did(self, *, loss: float | None, **counts: int) -> None:
        """Add what was done since the last call; ``loss`` stays as it was where it is None."""
        with self._board.tell() as now:
            _count(now, counts, loss=loss)


class TrainingMetrics:
    """Counts the steps that a companion has made in this process.

    Events are counted once, by the loop: a sum over all series must stay the number of events.
    """

    def __init__(self, board: Board) -> None:
        self._board = board

    def did(self, *, steps: int, steps_rejected: int, steps_saved: int, loss: float | None) -> None:
        """Add what was done since the last call; ``loss`` stays as it was where it is None."""
        counts = {"steps": steps, "steps_rejected": steps_rejected, "steps_saved": steps_saved}
        with self._board.tell() as now:
            _count(now, counts, loss=loss)


def _count(now: Draft, counts: Mapping[str, int], *, loss: float | None) -> None:
    for name, count in counts.items():
        now.add(COUNTS[name], count)
    if loss is not None:
        now.set(LOSS, loss)
