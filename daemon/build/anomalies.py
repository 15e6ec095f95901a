"""From a configuration to what tells which events are odd."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.intake.labels.options import NumberLabel
from daemon.scoring.anomalies import Anomalies

if TYPE_CHECKING:
    from daemon.config.schema import Config


def require_anomalies(config: Config) -> None:
    """Raise ``ConfigError`` where anomalies are asked for that no event could be told of."""
    if config.anomalies is None:
        return
    if not isinstance(config.label, NumberLabel):
        why = (
            "how far a value is from what was predicted is asked of numbers, and the label is a class; leave it out"
        )
        raise config.error(("anomalies",), why)
    if config.label.origin == "topic":
        why = (
            "a label in a record of its own belongs to an event that was published long ago, and no event says that"
            " it is odd; use labels in the event or from: stream, or leave it out"
        )
        raise config.error(("anomalies",), why)


def build_anomalies(config: Config) -> Anomalies | None:
    """Return what tells which events are odd; None where nobody asks."""
    return None if config.anomalies is None else Anomalies(config.anomalies)
