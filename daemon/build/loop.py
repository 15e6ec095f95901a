"""From a configuration to the loop, with all that it writes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.build.edges import build_dead_letters, build_predictions
from daemon.build.pipeline import build_any_pipeline
from daemon.loop.loop import Loop
from daemon.loop.outbox import Outbox
from daemon.loop.poll_size import FIRST
from daemon.loop.reject_limit import RejectLimit
from daemon.state.checkpoint_writer import CheckpointWriter
from daemon.state.saving import Saving

if TYPE_CHECKING:
    from connectors.options import Options as ConnectorOptions
    from connectors.source import Source
    from daemon.config.schema import Config
    from daemon.learning.stopwatch import Stopwatch
    from daemon.serving.snapshots import Snapshots
    from daemon.state.checkpoints import CheckpointStore
    from daemon.telemetry.telemetry import Telemetry


_FIRST_MESSAGES = 8
"""Polled at first where each may hold any number of events: so many that a turn is not too long."""


def build_loop(
    config: Config,
    *,
    source: Source,
    store: CheckpointStore,
    telemetry: Telemetry,
    stopwatch: Stopwatch,
    snapshots: Snapshots | None = None,
) -> Loop:
    """Return a loop that has learned nothing yet; nothing is opened or connected to."""
    checkpoint, rejections = config.checkpoint, config.rejections
    return Loop(
        source=source,
        pipeline=build_any_pipeline(config, stopwatch=stopwatch),
        saving=Saving(
            CheckpointWriter(store),
            store,
            every_seconds=checkpoint.every_seconds,
            every_events=checkpoint.every_events,
            tolerate_failures=checkpoint.tolerate_failures,
            commit=source.commit,
        ),
        reject_limit=RejectLimit(tolerate=rejections.tolerate, max_share=rejections.max_share),
        telemetry=telemetry,
        stopwatch=stopwatch,
        outbox=Outbox(dead_letters=build_dead_letters(config), predictions=build_predictions(config)),
        snapshots=snapshots,
        linger_seconds=config.learner.linger_seconds,
        first_seconds=getattr(config.decoder, "first_seconds", None),
        first_poll=_first_poll(config.decoder),
        tombstones_erase=config.erasure.tombstones == "forget",
    )


def _first_poll(decoder: ConnectorOptions) -> int:
    return FIRST if getattr(decoder, "explode", None) is None else _FIRST_MESSAGES
