"""Which slot of the history belongs to which key, the longest unseen key giving way."""

from __future__ import annotations

from collections import OrderedDict
from copy import copy
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from daemon.intake.packed_texts import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

    Key = bytes | None

LONGEST_KEY_BYTES = 64


def short_key(key: Key) -> Key:
    """Return what a key is remembered as: a longer one than ``LONGEST_KEY_BYTES`` by its BLAKE2b digest."""
    return key if key is None or len(key) <= LONGEST_KEY_BYTES else blake2b(key).digest()


class KnownKeys(NamedTuple):
    """Of how many keys something is remembered, of how many at most, and how many have given way to others."""

    known: int = 0
    limit: int = 0
    dropped: int = 0


class Span(NamedTuple):
    """Consecutive rows in which no slot changes hands after its first use.

    ``slots`` is ``(stop - start,) int64``; ``renewed`` are those of them whose history must be emptied first.
    """

    start: int
    stop: int
    slots: NDArray[np.int64]
    renewed: list[int]


class KeySlots:
    """Gives each key one of ``limit`` slots; None is a key like any other.

    Recency is that of single rows in their order, so it does not depend on how rows are grouped into calls. A key
    longer than 64 bytes is known by its BLAKE2b digest, so that memory stays bounded.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.dropped = 0
        """Keys that have given way to others; of this process, and no part of the state."""
        self._slot_of: OrderedDict[Key, int] = OrderedDict()
        self._row = 0
        self._last_row: list[int] = []

    def __len__(self) -> int:
        return len(self._slot_of)

    @property
    def limit(self) -> int:
        """Keys that are remembered at most."""
        return self._limit

    @property
    def in_order(self) -> NDArray[np.int64]:
        """The slots in use, the longest unseen key's first."""
        return np.fromiter(self._slot_of.values(), dtype=np.int64, count=len(self._slot_of))

    def spans(self, keys: Sequence[Key]) -> Iterator[Span]:
        """Cut rows into spans, each to be finished before the next is asked for."""
        start, first_row = 0, self._row
        slots: list[int] = []
        renewed: list[int] = []
        for place, key in enumerate(keys):
            name = short_key(key)
            slot = self._slot_of.get(name)
            if slot is None:
                if self._must_wait(first_row):
                    yield Span(start, place, np.array(slots, dtype=np.int64), renewed)
                    start, first_row, slots, renewed = place, self._row, [], []
                slot = self._take(name)
                renewed.append(slot)
            else:
                self._slot_of.move_to_end(name)
            self._last_row[slot] = self._row
            self._row += 1
            slots.append(slot)
        if slots:
            yield Span(start, len(keys), np.array(slots, dtype=np.int64), renewed)

    def _must_wait(self, first_row: int) -> bool:
        """Whether a new key would take the slot of one that the present span still uses."""
        full = len(self._slot_of) >= self._limit
        return full and self._last_row[next(iter(self._slot_of.values()))] >= first_row

    def _take(self, name: Key) -> int:
        if len(self._slot_of) < self._limit:
            slot = len(self._slot_of)
            self._last_row.append(-1)
        else:
            _, slot = self._slot_of.popitem(last=False)
            self.dropped += 1
        self._slot_of[name] = slot
        return slot

    def kept(self, gone: Gone) -> NDArray[np.int64]:
        """Return the slots in use of all but some keys, the longest unseen key's first."""
        names = {short_key(key) for key in gone.keys}
        return np.array([slot for name, slot in self._slot_of.items() if name not in names], dtype=np.int64)

    def forget(self, gone: Gone) -> None:
        """Go on with what ``kept`` returns, in the first slots."""
        names = {short_key(key) for key in gone.keys}
        self.load_state_dict(packed([name for name in self._slot_of if name not in names]))

    def find(self, keys: Sequence[Key]) -> NDArray[np.int64]:
        """Return each key's slot ``(rows,)``, -1 where it has none; changes nothing."""
        return np.array([self._slot_of.get(short_key(key), -1) for key in keys], dtype=np.int64)

    def __deepcopy__(self, memo: dict[int, Any]) -> KeySlots:
        """Return a copy; keys never change."""
        same = copy(self)
        same._slot_of, same._last_row = self._slot_of.copy(), self._last_row.copy()  # noqa: SLF001 - of the same class
        return same

    def state_dict(self) -> dict[str, Any]:
        """Return the keys from the longest unseen to the newest: their bytes, and their lengths (-1 for None)."""
        return packed(list(self._slot_of))

    def load_state_dict(self, state: Mapping[str, Any]) -> int:
        """Take up the saved keys, the newest ``limit`` of them, in slots 0, 1, …; return how many were left out."""
        keys = unpacked(state)
        dropped = max(0, len(keys) - self._limit)
        self._slot_of = OrderedDict((key, slot) for slot, key in enumerate(keys[dropped:]))
        self._last_row = [-1] * len(self._slot_of)
        self._row = 0
        return dropped
