"""Labels that have found their events."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray


Outcome = Literal[
    "learned",  # it has found its event, which waited
    "expired",  # an event whose label did not come in time, or for which there was no room
    "undefined",  # an event whose target is none: the field is missing, or a return on nothing
    "unidentified",  # an event or a label without the key or field that they are joined by
    "resent",  # an event that came again while it waited, or after it had its label
    "late",  # a label whose event was given up
    "duplicate",  # a label that said again what was said
    "contradicting",  # a label that said otherwise when its event was learned already
    "corrected",  # an early label in place of another
    "unknown",  # a label whose event never came
    "erased",  # an event that waited, until its key was erased
]
OUTCOMES: tuple[Outcome, ...] = (
    "learned",
    "expired",
    "undefined",
    "unidentified",
    "resent",
    "late",
    "duplicate",
    "contradicting",
    "corrected",
    "unknown",
    "erased",
)


@dataclass(frozen=True, slots=True)
class Heard:
    """Labels and the events that they are of, in the order in which the labels came; ``(labels,)`` each."""

    number: NDArray[np.int64]
    """Of the event: events of a stream are numbered from 0 as they come."""
    label: NDArray[Any]
    """Class indices, or numbers as they came, in float64."""
    before: NDArray[np.int64]
    """How many of the events in hand came before the label: so many know nothing of it."""
    delay: NDArray[np.float64]
    """Seconds of event time between event and label; NaN where unknown."""
    overlap: NDArray[np.int64]
    """Of so many events in a row, this one too, labels tell of the same time: errors are much the same."""

    def __len__(self) -> int:
        return len(self.number)

    def __getitem__(self, labels: slice) -> Heard:
        return Heard(
            self.number[labels], self.label[labels], self.before[labels], self.delay[labels], self.overlap[labels]
        )


@dataclass(slots=True)
class Found:
    """What has come of some events and labels, while it is gathered."""

    number: list[int] = field(default_factory=list)
    value: list[Any] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    delay: list[float] = field(default_factory=list)
    overlap: list[int] = field(default_factory=list)
    gone: list[int] = field(default_factory=list)
    """Events that nobody waits for any more."""
    expired: list[tuple[int, int]] = field(default_factory=list)
    """Those of them whose label has not come in time: the number, and how many events in hand came before that."""
    counts: Counter[Outcome] = field(default_factory=Counter)

    def hear(self, number: int, value: Any, *, before: int, delay: float, overlap: int = 1) -> None:
        """Add a label that has found its event."""
        self.number.append(number)
        self.value.append(value)
        self.before.append(before)
        self.delay.append(delay)
        self.overlap.append(overlap)

    def give_up(self, number: int, outcome: Outcome) -> None:
        """Add an event that gets no label."""
        self.gone.append(number)
        self.counts[outcome] += 1

    def expire(self, number: int, *, before: int) -> None:
        """Add an event whose label has not come in time, after so many of the events in hand."""
        self.give_up(number, "expired")
        self.expired.append((number, before))

    def keep(self, accepted: NDArray[np.bool_]) -> None:
        """Keep the labels that are accepted ``(labels,)``."""
        kept = np.flatnonzero(accepted).tolist()
        self.number, self.value = [self.number[i] for i in kept], [self.value[i] for i in kept]
        self.before, self.delay = [self.before[i] for i in kept], [self.delay[i] for i in kept]
        self.overlap = [self.overlap[i] for i in kept]

    def heard(self, labels: NDArray[Any]) -> Heard:
        """Return the labels, encoded as ``labels``, one for each."""
        self.counts["learned"] += len(labels)
        return Heard(
            np.array(self.number, dtype=np.int64),
            labels,
            np.array(self.before, dtype=np.int64),
            np.array(self.delay, dtype=np.float64),
            np.array(self.overlap, dtype=np.int64),
        )


def in_turn(before: NDArray[np.int64], *, events: int, hear: Callable[[int], None]) -> Iterator[int]:
    """Yield the numbers of so many events; ``hear`` the place of each label in its turn, the last ones at the end.

    ``before`` ``(labels,)`` are how many of the events came before each label, in their order: see ``Heard``.

    >>> for event in in_turn(np.array([0, 2, 2]), events=2, hear=lambda label: print("label", label)):
    ...     print("event", event)
    label 0
    event 0
    event 1
    label 1
    label 2
    """
    told = 0
    for event, until in enumerate(np.searchsorted(before, np.arange(events), side="right").tolist()):
        for label in range(told, until):
            hear(label)
        told = until
        yield event
    for label in range(told, len(before)):
        hear(label)
