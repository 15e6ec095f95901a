"""What is remembered of the stream: the newest values and labels of every slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.intake.features.key_slots import KeySlots
from daemon.intake.features.row_history import Groups, RowHistory

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.intake.features.key_slots import Key
    from daemon.intake.features.row_history import Woven

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class KnownLabels:
    """The labels that each row may know ``(rows, steps, width)``, the newest first, where labels come later."""

    values: Floats

    def back(self, steps: int) -> Floats:
        """Return each row's label ``steps`` labels back, ``(rows, width)``."""
        return self.values[:, steps - 1]


@dataclass(frozen=True, slots=True)
class Present:
    """Some rows and all that came before them.

    ``values`` and ``labels`` are woven with their history; ``before (rows,)`` is how many rows of the same key
    there were before each.
    """

    rows: slice
    values: Woven
    labels: Woven | KnownLabels
    before: NDArray[np.int64]


class History:
    """The newest ``depth`` rows of values and ``label_depth`` labels, for the whole stream or for each key."""

    def __init__(self, *, depth: int, width: int, label_depth: int, label_width: int, max_keys: int | None) -> None:
        self._keys = None if max_keys is None else KeySlots(max_keys)
        self._values = RowHistory(depth=depth, width=width)
        self._labels = RowHistory(depth=label_depth, width=label_width)
        self._seen = np.zeros(1, dtype=np.int64)

    @property
    def keys(self) -> KeySlots | None:
        """Whose history there is; None where all rows have one."""
        return self._keys

    def advance(self, values: Floats, labels: Floats, *, key: Sequence[Key]) -> Iterator[Present]:
        """Give the rows with what came before them, in one or more consecutive spans, and remember them."""
        if self._keys is None:
            yield self._present(slice(0, len(values)), values, labels, Groups.single(len(values)))
            return
        for span in self._keys.spans(key):
            self._renew(span.renewed)
            rows = slice(span.start, span.stop)
            yield self._present(rows, values[rows], labels[rows], Groups.of(span.slots))

    def glance(self, values: Floats, *, key: Sequence[Key]) -> Present:
        """Return each row with what came before it, as if it came next, alone; remember nothing."""
        rows = len(values)
        slots = np.zeros(rows, dtype=np.int64) if self._keys is None else self._keys.find(key)
        no_labels = np.zeros((rows, self._labels.values.shape[2]))
        return Present(
            slice(0, rows),
            self._values.glance(values, slots),
            self._labels.glance(no_labels, slots),
            np.where(slots < 0, 0, self._seen[slots]),
        )

    def _present(self, rows: slice, values: Floats, labels: Floats, groups: Groups) -> Present:
        before = self._seen[groups.slots][groups.group] + groups.rank
        self._seen[groups.slots] += groups.stops - groups.starts
        return Present(rows, self._values.weave(values, groups), self._labels.weave(labels, groups), before)

    def _renew(self, slots: list[int]) -> None:
        if slots:
            self._reserve(max(slots) + 1)
            self._values.values[slots] = 0.0
            self._labels.values[slots] = 0.0
            self._seen[slots] = 0

    def _reserve(self, slots: int) -> None:
        self._values.reserve(slots)
        self._labels.reserve(slots)
        have = len(self._values.values)
        self._seen = np.append(self._seen, np.zeros(have - len(self._seen), dtype=np.int64))

    def state_dict(self) -> dict[str, Any]:
        """Return the keys and their history, the longest unseen first."""
        slots = np.zeros(1, dtype=np.int64) if self._keys is None else self._keys.in_order
        return {
            "keys": None if self._keys is None else self._keys.state_dict(),
            "values": self._values.values[slots],
            "labels": self._labels.values[slots],
            "seen": self._seen[slots],
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a saved history; raise ``ValueError`` where it is one of other features."""
        for name, past in (("values", self._values), ("labels", self._labels)):
            if state[name].shape[1:] != past.values.shape[1:]:
                raise ValueError(
                    f"the saved {name} have the shape {state[name].shape[1:]}, the features now declared need "
                    f"{past.values.shape[1:]}; restore the old features or start with an empty state directory"
                )
        if (self._keys is None) != (state["keys"] is None):
            raise ValueError(
                "features.per_key differs from that of the saved state; restore it or start with an empty "
                "state directory"
            )
        dropped = 0 if self._keys is None else self._keys.load_state_dict(state["keys"])
        slots = len(state["seen"]) - dropped
        self._reserve(slots)
        self._values.values[:slots] = state["values"][dropped:]
        self._labels.values[:slots] = state["labels"][dropped:]
        self._seen[:slots] = state["seen"][dropped:]
