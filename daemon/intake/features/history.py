"""What is remembered of the stream: the newest values and labels of every slot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.intake.features.key_slots import KeySlots
from daemon.intake.features.row_history import Groups, RowHistory
from strategies.provenance import UNKNOWN
from strategies.row_holder import key_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.intake.features.key_slots import Key
    from daemon.intake.features.row_history import Woven
    from strategies.row_holder import Gone

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
        self._whose = np.full(max(depth, label_depth) if max_keys is None else 0, UNKNOWN)
        """Where all rows have one history: the hash of the key of each row that may be in it, the newest last."""

    @property
    def keys(self) -> KeySlots | None:
        """Whose history there is; None where all rows have one."""
        return self._keys

    def advance(self, values: Floats, labels: Floats, *, key: Sequence[Key]) -> Iterator[Present]:
        """Give the rows with what came before them, in one or more consecutive spans, and remember them."""
        if self._keys is None:
            self._remember_whose(key)
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

    def _remember_whose(self, key: Sequence[Key]) -> None:
        if depth := len(self._whose):
            newest = [key_hash(each) for each in key[-depth:]]
            self._whose = np.append(self._whose, newest)[-depth:]

    def forget(self, gone: Gone) -> int:
        """Let rows of keys go; return how many, or of how many keys: see ``RowHolder``.

        Where all rows have one history, it is then as if those had never come.
        """
        if self._keys is None:
            return self._forget_steps(gone)
        before, kept = len(self._keys), self._keys.kept(gone)
        if len(kept) < before:
            self._keys.forget(gone)
            self._values.keep(kept)
            self._labels.keep(kept)
            self._seen = self._seen[kept] if len(kept) else np.zeros(1, dtype=np.int64)
        return before - len(kept)

    def _forget_steps(self, gone: Gone) -> int:
        leave = gone.hashed(self._whose)
        if not leave.any():
            return 0
        there = np.arange(len(leave)) >= len(leave) - int(self._seen[0])
        left = [history.keep_steps(~leave & there) for history in (self._values, self._labels) if history.depth]
        self._whose = np.append(np.full(int(leave.sum()), UNKNOWN), self._whose[~leave])
        self._seen[0] = min(left)
        return int(leave.sum())

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
            "whose": self._whose.copy(),
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
        self._whose = np.array(state["whose"], dtype=np.int64)
        dropped = 0 if self._keys is None else self._keys.load_state_dict(state["keys"])
        slots = len(state["seen"]) - dropped
        self._reserve(slots)
        self._values.values[:slots] = state["values"][dropped:]
        self._labels.values[:slots] = state["labels"][dropped:]
        self._seen[:slots] = state["seen"][dropped:]
