"""The daemon's own loop, on what it has read before, without some keys: into a state directory of its own."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import torch
from prometheus_client import CollectorRegistry

from connectors.kafka.moved_position import reading_beside
from connectors.kafka.source_options import KafkaSourceOptions
from connectors.source import SourceDataError
from daemon.build.edges import build_source, waiting_for_decoder
from daemon.build.loop import build_loop
from daemon.build.pipeline import build_any_pipeline
from daemon.build.restored import restored
from daemon.learning.stopwatch import Stopwatch
from daemon.learning.target_states import states_by_target
from daemon.process.version import retaind_version
from daemon.rebuilding.archived_source import ArchivedSource
from daemon.rebuilding.left_out import LeftOut
from daemon.rebuilding.past_source import PastSource
from daemon.state.checkpoints import CheckpointStore
from daemon.state.rebuild_plan import rebuild_directory
from daemon.state.state_lock import StateLock
from daemon.telemetry.advice import Advisor
from daemon.telemetry.health import Health
from daemon.telemetry.metrics import Metrics
from daemon.telemetry.telemetry import Telemetry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from connectors.record import Record
    from connectors.source import Source
    from daemon.config.schema import Config
    from daemon.learning.budget_guard import BudgetGuard
    from daemon.state.generation import SavedState
    from daemon.state.rebuild_plan import RebuildPlan

_OF_THE_DAEMON = frozenset({"source", "pipeline"})
_TURN_LIMIT_SECONDS = 60.0
_WHY_NO_ROLLBACK = "the stream is being relearned, and no generation of that is gone back to"


class Relearning:
    """Learns up to the plan's positions. As a context it locks its directory; a killed one goes on where it was.

    What is learned is, bit for bit, what a daemon learns on a stream that never had the records that are left out,
    on the conditions of that promise: see ``docs/guarantees.md``. Nothing is published, and no group hears of it.
    """

    def __init__(self, config: Config, plan: RebuildPlan, *, begin_with: SavedState | None = None) -> None:
        self._directory = rebuild_directory(Path(config.checkpoint.directory))
        self._config = config
        self._begin_with = begin_with
        self.store = CheckpointStore(self._directory, keep=2)
        self.left_out = LeftOut(config, plan)
        own = beside(config)
        stopwatch = self._stopwatch = Stopwatch()
        source = build_source(own)
        if plan.archive:
            require_keys_in_lines(config)
            source = ArchivedSource(plan.archive, source)
        inner = waiting_for_decoder(source, own.decoder, prepare=self.left_out.prepare)
        self.past = PastSource(inner, until=plan.until, without=self.left_out.without)
        self.source: Source = waiting_for_decoder(self.past, own.decoder, prepare=self._prepare)
        self.loop = build_loop(
            own, source=self.source, store=self.store, telemetry=_silent(own, stopwatch), stopwatch=stopwatch
        )
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as undo:
            undo.enter_context(StateLock(self._directory))
            self.store.prepare()
            undo.callback(self.source.close)
            undo.callback(self.loop.close)
            self._start()
            self._open = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def run(self, told: Callable[[Mapping[str, Any]], None]) -> None:
        """Learn to the end and save; ``told`` hears the positions after each turn."""
        while not self.source.exhausted or self.loop.owes:
            self.loop.turn()
            for guard in self._guards():
                if guard.wants_rollback:
                    guard.cannot_go_back(_WHY_NO_ROLLBACK, events=self.loop.pipeline.events)
            told(self.source.snapshot())
        self.loop.save()

    def _start(self) -> None:
        if self._begin_with is not None and not self.store.generations():
            begun = {name: part for name, part in self._begin_with.state.items() if name in _OF_THE_DAEMON}
            self.store.write(begun, self._begin_with.summary)
        recovered = self.store.load_newest()
        if recovered is None:
            # With the predictions' section, which a part of the state depends on; nothing is written to it.
            self.loop.go_on_with(build_any_pipeline(self._config, stopwatch=self._stopwatch))
            self.loop.pipeline.begin()
            self.source.open(None)
            self.loop.begin()
            return
        saved = recovered.saved
        self.loop.resume(restored(self._config, saved, stopwatch=self._stopwatch), saved.state)
        self.loop.pipeline.begin()
        self.left_out.resume(next(iter(states_by_target(saved.state["pipeline"]).values()))["intake"]["decoder"])
        self.source.open(saved.state["source"])

    def _prepare(self, records: Sequence[Record]) -> None:
        self.loop.pipeline.prepare(records)

    def _guards(self) -> list[BudgetGuard]:
        learners = [each.main for each in self.loop.pipeline.by_target.values()]
        return [main.guard for main in learners if main is not None and main.guard is not None]


def require_keys_in_lines(config: Config) -> None:
    """Raise ``SourceDataError`` where lines of an archive cannot say whose they are."""
    if getattr(config.decoder, "key", None) is None:
        raise SourceDataError(
            "lines of an archive have no key but one in a field, and decoder.key names none: nobody can tell which"
            " are to be left out"
        )


def beside(config: Config) -> Config:
    """Return the configuration of a loop that learns beside the daemon, and that nobody hears of.

    Raises ``SourceDataError`` where the source is shared with others.
    """
    source: Any = config.source
    if getattr(source, "mode", None) == "subscribe":
        raise SourceDataError(
            "the partitions are shared in a group (source.mode: subscribe): what this daemon has learned of each"
            " cannot be told any more, and nothing can be relearned"
        )
    if getattr(config.decoder, "explode", None) is not None:
        raise SourceDataError("a message holds several events (decoder.explode), whose keys may be several")
    if isinstance(source, KafkaSourceOptions):
        source = reading_beside(source)
    if getattr(source, "rate", None) is not None:
        source = source.model_copy(update={"rate": None})
    directory = str(rebuild_directory(Path(config.checkpoint.directory)))
    return config.model_copy(
        update={
            "source": source,
            "predictions": None,
            "dead_letters": None,
            "serving": None,
            "checkpoint": config.checkpoint.model_copy(update={"directory": directory, "keep": 2}),
            "learner": config.learner.model_copy(update={"linger_seconds": None}),
        }
    )


def _silent(config: Config, stopwatch: Stopwatch) -> Telemetry:
    """Return telemetry that nobody reads."""
    metrics = Metrics(
        CollectorRegistry(),
        version=retaind_version(),
        torch_version=torch.__version__,
        started_seconds=time.time(),
        max_tasks=config.retention.max_tasks,
        alone=not config.targets,
    )
    return Telemetry(
        metrics,
        Health(turn_limit_seconds=_TURN_LIMIT_SECONDS),
        name=config.name,
        stopwatch=stopwatch,
        advisor=Advisor(window_events=config.retention.window),
    )
