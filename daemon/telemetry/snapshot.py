"""The daemon at one moment: the one value that metrics, status and the run history are made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.decoder import Oddity
    from connectors.source import SourceStatus
    from daemon.learning.scored_learner import Tally
    from daemon.learning.snapshot import PipelineSnapshot


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Made by the loop after a turn; immutable, to be read on any thread."""

    at: float
    """Unix time."""
    pipeline: PipelineSnapshot
    source: SourceStatus


@dataclass(frozen=True, slots=True)
class TurnWork:
    """What one turn of the loop did."""

    received: int = 0
    """Records that the source delivered."""
    seconds: float = 0.0
    """Its duration, waiting included."""
    tallies: Mapping[str, Mapping[str, Tally]] = field(default_factory=dict)
    """What each learner did, by target and by its name; none before the first event."""
    newest_event_seconds: float | None = None
    """Event time of the newest event, since 1970."""
    odd: Mapping[Oddity, int] = field(default_factory=dict)
    """Values that were odd, by field and kind."""
