"""Events in their order, and the labels that came between them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.intake.arrivals import Arrivals
    from daemon.intake.later.found import Heard
    from daemon.tasks.assigned import Segment


@dataclass(frozen=True, slots=True)
class Turn:
    """Some events and labels: either may be none."""

    arrivals: Arrivals
    first: int
    """The number of the first event."""
    heard: Heard
    targets: Tensor
    """The labels ``(labels,)`` as they are learned."""

    def __len__(self) -> int:
        return len(self.arrivals) + len(self.heard)

    @property
    def told(self) -> NDArray[np.int64]:
        """How many of the labels each event may know ``(events,)``."""
        return np.searchsorted(self.heard.before, np.arange(len(self.arrivals)), side="right")

    def cut(self, *, events: int, room: int, boundary: int | None = None) -> tuple[Turn, Turn]:
        """Return what there is until so many events, and the rest.

        After ``room`` labels the block is full, and the next event is to know what was learned of it. No label is
        taken from the number ``boundary`` on, nor any event that came after that one.
        """
        before = self.heard.before
        labels = min(len(before), room, len(before) if boundary is None else boundary)
        if labels == room:
            events = min(events, int(before[labels - 1]))
        elif labels < len(before):
            events = min(events, int(before[labels]))
        labels = min(labels, int(np.searchsorted(before, events, side="right")))
        head = Turn(self.arrivals[:events], self.first, self.heard[:labels], self.targets[:labels])
        later = self.heard[labels:]
        rest = Turn(
            self.arrivals[events:],
            self.first + events,
            replace(later, before=later.before - events),
            self.targets[labels:],
        )
        return head, rest

    def within(self, segment: Segment | None) -> Turn:
        """Return the same with the events in a segment that has begun since, if one has."""
        return self if segment is None else replace(self, arrivals=self.arrivals.within(segment))
