"""The copy of the model that requests are answered from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from daemon.intake.labels.later import ALONE

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.learning.any_pipeline import AnyPipeline
    from daemon.learning.event_predictor import EventPredictor


class Snapshots:
    """Holds the newest copy; the loop's thread makes it between two turns, any other reads it.

    A copy is made at most every ``every_seconds``, and so rarely that all of them take at most ``max_share`` of the
    time; none while nothing is learned.
    """

    def __init__(
        self,
        *,
        every_seconds: float,
        max_share: float,
        tell: Callable[..., None] = lambda **_: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """``tell`` is told of each copy: its ``events``, and ``at_seconds`` when it was made."""
        self._tell = tell
        self._every_seconds = every_seconds
        self._max_share = max_share
        self._clock = clock
        self._now = now
        self._newest: EventPredictor | None = None
        self._copied: tuple[AnyPipeline, int, int] | None = None
        self._due = clock()

    @property
    def newest(self) -> EventPredictor | None:
        """The newest copy, replaced as a whole; None before there is anything to ask."""
        return self._newest

    def offer(self, pipeline: AnyPipeline) -> None:
        """Copy what the pipeline has learned, if that is due; called between two turns of the loop."""
        begun = self._clock()
        if begun < self._due or (state := (pipeline, pipeline.events, pipeline.waiting)) == self._copied:
            return
        predictor = pipeline.by_target[ALONE].event_predictor(copied=True)
        self._newest = predictor
        if predictor is not None:
            self._tell(events=predictor.events, at_seconds=self._now())
        self._copied, done = state, self._clock()
        self._due = done + max(self._every_seconds, (done - begun) / self._max_share)

    def withdraw(self) -> None:
        """Answer nothing any more."""
        self._newest = None
