"""The contracts of the sinks: dead letters and predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.decoder import Reject
    from connectors.record import Record


class SinkUnavailableError(Exception):
    """A sink does not take what must not be lost, and waiting does not help; the process exits with 69."""


class Sink(Protocol):
    """What dead letters and predictions have in common. Used from one thread.

    Nothing that it is given is lost, and nothing is in it twice: what the world outside does not take now (a full
    disk, a broker that is away) is kept and tried again, and ``settle`` says when all is durable. Only then does a
    checkpoint hold the positions of the events in question, together with ``state_dict``. A process that goes on
    from that checkpoint gives the sink everything that came later once more, after ``load_state_dict``: the sink
    then knows from its own output what it has.
    """

    @property
    def trouble(self) -> str:
        """Why it does not take anything now, in a sentence; empty where it does."""

    @property
    def full(self) -> bool:
        """Whether it is to be given nothing more before it has settled."""

    def settle(self, timeout_seconds: float) -> bool:
        """Return whether all that was written is durable, trying to make it so for that long.

        The first call opens the sink: it is true only where the sink can be written to. Raises
        ``SinkUnavailableError`` where waiting does not help.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return what the output holds by now, as JSON values; called when all is settled."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from that state: drop what is not written yet, and see to it that nothing will be there twice."""

    def close(self) -> None:
        """Flush what can be flushed, and release; may be called twice."""


@runtime_checkable
class NeedsPast(Protocol):
    """A sink that keeps some of its output for no longer than a process may have to go back to it."""

    def saved(self, state: Mapping[str, Any]) -> None:
        """Take note that a durable checkpoint holds that ``state_dict``: nobody goes back beyond it by himself."""


class DeadLetters(Sink, Protocol):
    """Keeps records that could not be learned from."""

    def write(self, rejects: Sequence[Reject]) -> None:
        """Take the rejects with their reasons, to be written at once."""


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
    probabilities: Mapping[str, float] | None = None
    """Of the likeliest classes, the likeliest first; None where they are not asked for."""
    interval: tuple[float | None, float | None] | None = None
    """Where the label is to be with the wished probability, None for an end that it does not have; None where no
    interval is asked for, and where there is no prediction."""


class Predictions(Sink, Protocol):
    """Publishes predictions."""

    def write(self, predictions: Sequence[Prediction]) -> None:
        """Take them, to be written soon."""
