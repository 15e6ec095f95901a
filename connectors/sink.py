"""The contracts of the sinks: dead letters and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.record import Record


class SinkUnavailableError(Exception):
    """A sink could not write what must not be lost; the process exits with 69, to resume from its checkpoint."""


class DeadLetters(Protocol):
    """Keeps records that could not be learned from; when ``write`` returns, they are acknowledged or on disk."""

    def write(self, rejects: Sequence[Reject]) -> None:
        """Write the rejects with their reasons; raise ``SinkUnavailableError`` where that fails for good."""

    def close(self) -> None:
        """Flush and release."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model predicted for one event on arrival, before its label was used."""

    record: Record
    prediction: str | float | None
    """The class name, or the number, in the label's own units; None before any label was seen."""
    confidence: float | None
    """The probability of the predicted class; None in regression, and where there is no prediction."""
    label: str | float | None
    task: str
    step: int
    """Optimizer steps that the model had taken."""


class Predictions(Protocol):
    """Publishes predictions, at least once."""

    def write(self, predictions: Sequence[Prediction]) -> None:
        """Queue or write them; may return before they are durable."""

    def flush(self) -> None:
        """Return when all that was written is acknowledged; called before each checkpoint becomes valid."""

    def state_dict(self) -> dict[str, Any]:
        """Return how much was written, so that a file can be cut back to a checkpoint (JSON values)."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Cut back to that state where the sink can."""

    def close(self) -> None:
        """Flush and release."""
