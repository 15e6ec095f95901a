"""The copies of the model that requests are answered from."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from daemon.serving.packed import PACKAGES
from daemon.serving.packing import pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.learning.any_pipeline import AnyPipeline
    from daemon.serving.packing import Packed


class Snapshots:
    """Makes copies between two turns of the loop, and hands each over to the process that answers.

    A copy is made at most every ``every_seconds``, and so rarely that all of them take at most ``max_share`` of the
    time; none while nothing is learned.
    """

    def __init__(
        self,
        *,
        every_seconds: float,
        max_share: float,
        hand_over: Callable[[Packed], None],
        packages: frozenset[str] = PACKAGES,
        tell: Callable[..., None] = lambda **_: None,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        """Tell ``tell`` of each copy: ``events``, and ``at_seconds``; ``packages`` are those of its classes."""
        self._hand_over = hand_over
        self._packages = packages
        self._tell = tell
        self._every_seconds = every_seconds
        self._max_share = max_share
        self._clock = clock
        self._now = now
        self._copied: tuple[AnyPipeline, int, int] | None = None
        self._due = clock()

    def offer(self, pipeline: AnyPipeline) -> None:
        """Copy what the pipeline has learned, if that is due; called between two turns of the loop.

        Raises ``UnpackableError`` where a class of one's own cannot be copied.
        """
        begun = self._clock()
        if begun < self._due or (state := (pipeline, pipeline.events, pipeline.waiting)) == self._copied:
            return
        copies = {name: each.event_predictor(copied=True) for name, each in pipeline.by_target.items()}
        predictors = {name: predictor for name, predictor in copies.items() if predictor is not None}
        if predictors:
            self._hand_over(pack(predictors, packages=self._packages))
            self._tell(events=max(each.events for each in predictors.values()), at_seconds=self._now())
        self._copied, done = state, self._clock()
        self._due = done + max(self._every_seconds, (done - begun) / self._max_share)
