"""Which rows are to go, and the contract of whatever holds rows of a stream."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def key_hash(key: bytes | None) -> int:
    """Return what a row's key is known by in ``Batch.key``: its CRC-32, ``UNKNOWN`` where it has none.

    Two keys of four thousand million have the same by chance: whoever erases one of them erases both.
    """
    return UNKNOWN if key is None else zlib.crc32(key)


def key_hashes(keys: Sequence[bytes | None]) -> NDArray[np.int64]:
    """Return what rows know their keys by ``(rows,)``: see ``key_hash``."""
    if keys.count(None) == len(keys):
        return np.full(len(keys), UNKNOWN)
    return np.array(list(map(key_hash, keys)), dtype=np.int64)


@dataclass(frozen=True, slots=True)
class Gone:
    """Rows that are to go: those of some keys, and those that came before a moment.

    >>> provenance = np.array([[key_hash(b"a"), 0, 7, 1_000], [key_hash(b"b"), 0, 8, 2_000]])
    >>> Gone.of_keys([b"b"]).among(provenance).tolist(), Gone(before_ms=1_500).among(provenance).tolist()
    ([False, True], [True, False])
    """

    keys: frozenset[bytes] = frozenset()
    before_ms: int | None = None
    """Event time in milliseconds since 1970; a row whose time is unknown never came before it."""

    @staticmethod
    def of_keys(keys: Sequence[bytes]) -> Gone:
        """Return all rows of these keys."""
        return Gone(frozenset(keys))

    def hashed(self, hashes: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which of some hashes ``(rows,)``, see ``key_hash``, are of the keys."""
        return np.isin(hashes, np.array([key_hash(key) for key in sorted(self.keys)], dtype=np.int64))

    def old(self, time_ms: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which of some event times ``(rows,)`` are before the moment."""
        if self.before_ms is None:
            return np.zeros(len(time_ms), dtype=np.bool_)
        return np.asarray((time_ms > UNKNOWN) & (time_ms < self.before_ms))

    def among(self, provenance: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which rows are to go, by their provenance ``(rows, 4)``: see ``Batch``."""
        return self.hashed(provenance[:, 0]) | self.old(provenance[:, 3])


class RowHolder(Protocol):
    """Holds rows of a stream, or what was told of them one by one, and lets those go that it is told to.

    What is left is as good a sample as before, and everything that follows is a function of the events and of the
    requests in their order. What rows have added to sums and weights stays.
    """

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many. A row is nowhere in the holder's state afterwards."""
