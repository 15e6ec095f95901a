"""The labels that an event may know: those of its key that had come by then."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.intake.features.key_slots import short_key
from daemon.intake.later.found import in_turn
from daemon.intake.packed_texts import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.intake.later.found import Heard
    from strategies.row_holder import Gone

    Floats = NDArray[np.float64]


class LabelLags:
    """Remembers the newest ``depth`` labels of every key, in the order in which they came, not of their events.

    Without ``per_key`` all events are of one key. Beyond ``max_keys`` the key that was not seen for longest is
    forgotten.
    """

    def __init__(self, *, depth: int, width: int, per_key: bool, max_keys: int) -> None:
        self._depth = depth
        self._width = width
        self._per_key = per_key
        self._max_keys = max_keys
        self._labels: OrderedDict[bytes | None, deque[list[float]]] = OrderedDict()
        self._key_of: dict[int, bytes | None] = {}
        """Of the events that wait, by number."""

    def follow(self, keys: Sequence[bytes | None], *, first: int, heard: Heard, columns: Floats) -> Floats:
        """Return what each event may know ``(events, depth, width)``, 0 where there is nothing; remember labels.

        ``keys`` are those of the events in hand, the first of which has the number ``first``; ``columns`` are the
        labels ``(labels, width)``.
        """
        known = np.zeros((len(keys), self._depth, self._width))
        if not self._depth:
            return known
        numbers, rows = heard.number.tolist(), columns.tolist()
        for event in in_turn(
            heard.before, events=len(keys), hear=lambda label: self._hear(numbers[label], rows[label])
        ):
            key = self._name(keys[event])
            self._key_of[first + event] = key
            labels = self._of(key)
            if labels:
                known[event, : len(labels)] = labels
        return known

    def known(self, keys: Sequence[bytes | None]) -> Floats:
        """Return what an event of each key would know ``(events, depth, width)`` if it came next."""
        known = np.zeros((len(keys), self._depth, self._width))
        for event, raw in enumerate(keys):
            labels = self._labels.get(self._name(raw))
            if labels:
                known[event, : len(labels)] = labels
        return known

    def forget(self, numbers: Sequence[int]) -> None:
        """Take note that these events get no label."""
        for number in numbers:
            self._key_of.pop(number, None)

    def forget_keys(self, gone: Gone) -> int:
        """Let the labels of keys go; return of how many: see ``RowHolder``.

        Where all events are of one key nobody knows whose a label was, and so all go: after that as many are to
        come again.
        """
        names = [self._name(key) for key in sorted(gone.keys)]
        return sum(self._labels.pop(name, None) is not None for name in dict.fromkeys(names))

    def _name(self, key: bytes | None) -> bytes | None:
        return short_key(key) if self._per_key else None

    def _hear(self, number: int, label: list[float]) -> None:
        self._of(self._key_of.pop(number)).appendleft(label)

    def _of(self, key: bytes | None) -> deque[list[float]]:
        labels = self._labels.get(key)
        if labels is None:
            labels = self._labels[key] = deque(maxlen=self._depth)
            if len(self._labels) > self._max_keys:
                self._labels.popitem(last=False)
        else:
            self._labels.move_to_end(key)
        return labels

    def state_dict(self) -> dict[str, Any]:
        """Return the newest labels of every key, the longest unseen first, and the keys of the events that wait."""
        labels = [label for each in self._labels.values() for label in each]
        return {
            "keys": packed(list(self._labels)),
            "counts": np.array([len(each) for each in self._labels.values()], dtype=np.int64),
            "labels": np.array(labels, dtype=np.float64).reshape(-1, self._width),
            "waiting": np.array(list(self._key_of), dtype=np.int64),
            "waiting_keys": packed(list(self._key_of.values())),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        labels = iter(np.asarray(state["labels"]).tolist())
        counts = np.asarray(state["counts"]).tolist()
        self._labels = OrderedDict(
            (key, deque((next(labels) for _ in range(count)), maxlen=self._depth))
            for key, count in zip(unpacked(state["keys"]), counts, strict=True)
        )
        waiting = np.asarray(state["waiting"]).tolist()
        self._key_of = dict(zip(waiting, unpacked(state["waiting_keys"]), strict=True))
