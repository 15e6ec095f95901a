"""Takes up a changed configuration while the daemon runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.build.pipeline import build_any_pipeline
from daemon.build.restored import take_up
from daemon.config.changes import changes
from daemon.process.logs import set_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.config.changes import Change
    from daemon.config.schema import Config
    from daemon.learning.any_pipeline import AnyPipeline
    from daemon.learning.stopwatch import Stopwatch
    from daemon.loop.loop import Loop
    from daemon.state.checkpoints import CheckpointStore

_OF_NO_STATE = frozenset({"log", "checkpoint", "rejections"})
"""Sections that decide on nothing that is learned."""


class NeedsRestartError(Exception):
    """The new configuration changes what cannot change while the daemon runs."""

    def __init__(self, refused: Sequence[Change]) -> None:
        assert refused
        super().__init__(refused)
        self.keys = [change.key for change in refused]

    def __str__(self) -> str:
        return f"{', '.join(self.keys)}: needs a restart; nothing of the new configuration was applied"


class Reloading:
    """Applies a new configuration between two turns of the loop: all of it, or nothing.

    A reload does what a restart would: it saves, makes the learner anew from the new configuration, and lets it
    take up what was saved. Hence a process that is killed later comes to the same bits as one that is not: the
    newest checkpoint is the reload's own or a later one, and from there both learn under the new configuration.
    """

    def __init__(self, loop: Loop, *, store: CheckpointStore, stopwatch: Stopwatch) -> None:
        self._loop = loop
        self._store = store
        self._stopwatch = stopwatch

    def apply(self, new: Config, *, in_place_of: Config) -> list[Change]:
        """Return what has changed.

        Nothing has where this raises: ``NeedsRestartError``, ``ConfigError``, or ``StateError`` where the present
        state cannot be saved.
        """
        found = changes(in_place_of, new)
        refused = [change for change in found if not change.live]
        if refused:
            raise NeedsRestartError(refused)
        if any(change.path[0] not in _OF_NO_STATE for change in found):
            self._loop.go_on_with(self._rebuilt(new))
        self._loop.linger_seconds = new.learner.linger_seconds
        self._loop.saving.adjust(
            every_seconds=new.checkpoint.every_seconds,
            every_events=new.checkpoint.every_events,
            tolerate_failures=new.checkpoint.tolerate_failures,
        )
        self._loop.tell_stability(new.retention.stability)
        self._store.keep = new.checkpoint.keep
        self._loop.reject_limit.allow(tolerate=new.rejections.tolerate, max_share=new.rejections.max_share)
        set_level(new.log.level)
        return found

    def _rebuilt(self, config: Config) -> AnyPipeline:
        """Return a pipeline of the new configuration with the state of the present one, which is saved."""
        # Before anything is learned or saved for it: what cannot be built is refused while nothing has happened.
        pipeline = build_any_pipeline(config, stopwatch=self._stopwatch)
        if self._loop.pipeline.waiting >= config.learner.batch:
            self._loop.learn_waiting()
        self._loop.save()
        recovered = self._store.load_newest()
        assert recovered is not None, "it was saved just now"
        if recovered.saved.summary != self._loop.pipeline.summary():
            problem = recovered.damaged[0].problem if recovered.damaged else "an older state is found in its place"
            raise config.error((), f"what was saved just now cannot be read back: {problem}")
        take_up(recovered.saved, config, into=pipeline, errors=(Exception,))
        return pipeline
