"""Where rejected records and predictions go."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.record import Record


class SinkUnavailableError(Exception):
    """A sink could not take what must not be lost; the process exits 69 and resumes from its checkpoint."""


class DeadLetters(Protocol):
    """Keeps what could not be learned from; what ``write`` has taken is acknowledged, or fsynced, on return."""

    def write(self, rejects: Sequence[Reject]) -> None:
        """Keep the rejects with their reason; raise ``SinkUnavailableError`` where that fails for good."""

    def close(self) -> None:
        """Flush and release."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """What the model said of one event on arrival, before its label was used."""

    record: Record
    prediction: str | float
    """The class name, or the number, in the label's own units."""
    confidence: float | None
    """The softmax probability of the predicted class; None in regression."""
    label: str | float | None
    task: str
    step: int
    """Optimizer steps that the model had made."""


class Predictions(Protocol):
    """Publishes predictions, at least once."""

    def write(self, predictions: Sequence[Prediction]) -> None:
        """Queue or write them; may return before they are durable."""

    def flush(self) -> None:
        """Return when all that was written is acknowledged; called before each checkpoint becomes the truth."""

    def state_dict(self) -> dict[str, Any]:
        """Return how much was written, so that a file can be cut back to a checkpoint (JSON values)."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Cut back to that state where the sink can."""

    def close(self) -> None:
        """Flush and release."""
