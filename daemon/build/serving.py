"""From a configuration to what copies the model for whoever asks it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.build.server import own_packages
from daemon.serving.packed import PACKAGES
from daemon.serving.snapshots import Snapshots

if TYPE_CHECKING:
    from collections.abc import Callable

    from daemon.config.schema import Config
    from daemon.serving.packing import Packed
    from daemon.telemetry.metrics.serving import ServingMetrics


def build_snapshots(
    config: Config, *, hand_over: Callable[[Packed], None], metrics: ServingMetrics
) -> Snapshots | None:
    """Return what makes the copies that answer; None where nobody may ask."""
    serving = config.serving
    if serving is None:
        return None
    return Snapshots(
        every_seconds=serving.every_seconds,
        max_share=serving.max_share,
        hand_over=hand_over,
        packages=PACKAGES | own_packages(config),
        tell=metrics.copied,
    )
