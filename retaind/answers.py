"""What is said of events, and what became of them, as Python programs see it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors import sink
    from connectors.decoder import Reject
    from daemon.learning.event_predictor import Said


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is said of an event."""

    value: str | float | None
    """The class, or the number; None where nothing can be said yet."""
    confidence: float | None = None
    """The probability of the class; None of a number."""
    probabilities: Mapping[str, float] | None = None
    """Of every class known; None of a number. Of an event that was learned those of the likeliest ``label.top``."""
    interval: tuple[float | None, float | None] | None = None
    """Where the number will be with the probability ``label.coverage``; None for an end that it does not have."""
    targets: Mapping[str, Prediction | None] | None = None
    """What is said of each of several ``targets``, by name, and then nothing above; None of one label."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """An event that cannot be learned."""

    event: int
    """Its place among the events given, from 0."""
    reason: str
    """In a word, as in ``retaind_events_rejected_total``."""
    message: str


@dataclass(frozen=True, slots=True)
class Learned:
    """What came of events: each was predicted, then learned, or rejected."""

    predictions: Sequence[Prediction]
    """What was said of each before its label was seen; in order, without those rejected."""
    rejected: Sequence[Rejected]


def published(prediction: sink.Prediction) -> Prediction:
    """Return what the daemon would publish of an event."""
    targets = prediction.targets
    return Prediction(
        prediction.prediction,
        confidence=prediction.confidence,
        probabilities=prediction.probabilities,
        interval=prediction.interval,
        targets=None
        if targets is None
        else {name: None if each is None else published(each) for name, each in targets.items()},
    )


def predictions_of(said: Said, classes: Sequence[str]) -> list[Prediction]:
    """Return what was said of some rows, one after another; ``classes`` are all that are known."""
    if said.probabilities is None:
        intervals = said.intervals or [None] * len(said.prediction)
        return [
            Prediction(value, interval=within) for value, within in zip(said.prediction, intervals, strict=True)
        ]
    return [
        Prediction(value, confidence=sure, probabilities=dict(zip(classes, row, strict=True)))
        for value, sure, row in zip(said.prediction, said.confidence, said.probabilities.tolist(), strict=True)
    ]


def rejected_of(reject: Reject, offsets: range) -> Rejected:
    """Return a reject by the place of its event among those given, which have these ``offsets``."""
    return Rejected(reject.record.offset - offsets.start, reject.reason, reject.message)
