"""A daemon's loop without its process: it dies at a sentinel, and lives again from what is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry

from connectors.memory_source import SimulatedCrash
from daemon.build.edges import build_dead_letters, build_predictions
from daemon.build.pipeline import build_any_pipeline
from daemon.build.restored import restored
from daemon.config.schema import Config
from daemon.learning.stopwatch import Stopwatch
from daemon.loop.loop import Loop
from daemon.loop.outbox import Outbox
from daemon.loop.reject_limit import RejectLimit
from daemon.state.checkpoint_writer import CheckpointWriter
from daemon.state.checkpoints import CheckpointStore
from daemon.state.saving import Saving
from daemon.telemetry.advice import Advisor
from daemon.telemetry.health import Health
from daemon.telemetry.metrics import Metrics
from daemon.telemetry.telemetry import Telemetry

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.sink import DeadLetters
    from connectors.source import Source

SMALL: dict[str, Any] = {
    "source": {"type": "file", "path": "the memory source stands for it"},
    "decoder": {"type": "json", "label": "y", "task": "task", "missing": "mean", "first_events": 1},
    "label": {"max_classes": 3},
    "tasks": {"type": "field"},
    "model": {"type": "mlp", "hidden": [8]},
    "learner": {"batch": 8},
    "strategies": [{"type": "replay", "rows": 30}, {"type": "ewc", "fisher_rows": 16}],
    "retention": {"probe_share": 0.1, "probe_rows": 8, "every_events": 40, "window": 30, "min_segment_events": 5},
    "rejections": {"max_share": 0.99},
}


class Clock:
    """Time that passes only when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


def small_config(directory: Path, **sections: Any) -> Config:
    files = {
        "checkpoint": {"directory": str(directory), "every_events": 20, "every_seconds": 1e9},
        "predictions": {"type": "file", "path": str(directory / "predictions.jsonl")},
        "dead_letters": {"type": "file", "path": str(directory / "dead.jsonl")},
    }
    return Config.model_validate(SMALL | files | sections)


class Life:
    """From a start to a death: everything that a process has in memory, made new from a configuration."""

    def __init__(
        self,
        config: Config,
        source: Source,
        *,
        directory: Path,
        clock: Clock | None = None,
        store: CheckpointStore | None = None,
        dead_letters: DeadLetters | None = None,
    ) -> None:
        self.clock = clock = clock or Clock()
        checkpoint = config.checkpoint
        self.config = config
        self.source = source
        self.registry = CollectorRegistry()
        self.store = store or CheckpointStore(directory, keep=checkpoint.keep)
        self.writer = CheckpointWriter(self.store)
        stopwatch = Stopwatch()
        metrics = Metrics(self.registry, version="0", torch_version="0", started_seconds=0.0)
        self.health = Health(turn_limit_seconds=60.0)
        self.saving = Saving(
            self.writer,
            self.store,
            every_seconds=checkpoint.every_seconds,
            every_events=checkpoint.every_events,
            tolerate_failures=checkpoint.tolerate_failures,
            commit=source.commit,
            clock=clock,
        )
        self.loop = Loop(
            source=source,
            pipeline=build_any_pipeline(config, stopwatch=stopwatch),
            saving=self.saving,
            reject_limit=RejectLimit(tolerate=config.rejections.tolerate, max_share=config.rejections.max_share),
            telemetry=Telemetry(
                metrics,
                self.health,
                name="test",
                stopwatch=stopwatch,
                advisor=Advisor(window_events=config.retention.window),
                every_seconds=0.0,
            ),
            stopwatch=stopwatch,
            outbox=Outbox(
                dead_letters=dead_letters or build_dead_letters(config), predictions=build_predictions(config)
            ),
            linger_seconds=config.learner.linger_seconds,
            first_seconds=config.decoder.first_seconds,
            clock=clock,
        )

    def start(self) -> None:
        """Restore the newest checkpoint and open the source, as the service does."""
        self.store.prepare()
        recovered = self.store.load_newest()
        if recovered is not None:
            pipeline = restored(self.config, recovered.saved, stopwatch=Stopwatch())
            self.loop.resume(pipeline, recovered.saved.state)
        self.source.open(None if recovered is None else recovered.saved.state["source"])
        if recovered is None:
            self.loop.save()

    def run(self) -> None:
        """Turn until the source is exhausted; then save."""
        while not self.source.exhausted or self.loop.owes:
            self.loop.turn()
        self.loop.finish()
        self.loop.save()

    def end(self) -> None:
        """Release what the operating system would release; what is being written gets to the disk."""
        self.loop.close()

    def saved(self) -> dict[str, Any]:
        """The state of the newest checkpoint."""
        recovered = CheckpointStore(self.store.directory.parent, keep=1).load_newest()
        assert recovered is not None
        return recovered.saved.state

    def metric(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"retaind_{name}", labels)


def lived_through(config: Config, source: Source, *, directory: Path) -> Life:
    """Live until the end of a source, again and again from the newest checkpoint; return the last life."""
    while True:
        life = Life(config, source, directory=directory)
        try:
            life.start()
            life.run()
        except SimulatedCrash:
            continue
        finally:
            life.end()
        return life
