"""Which names only one key has ever brought, so that they go when it is erased."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from strategies.provenance import SEVERAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

_NOBODY: Final = -3


class Bringers:
    """For each name, by its place, the hash of the only key that has brought it: see ``Batch.key``.

    >>> from strategies.row_holder import Gone, key_hash
    >>> ann, bob = key_hash(b"ann"), key_hash(b"bob")
    >>> bringers = Bringers()
    >>> bringers.note(np.array([0, 1, 0]), key=np.array([ann, ann, bob]), names=2)
    >>> bringers.take(Gone.of_keys([b"ann"])), bringers.take(Gone.of_keys([b"ann"]))
    ([1], [])
    """

    def __init__(self) -> None:
        self._alone = np.zeros(0, dtype=np.int64)

    def note(self, places: NDArray[np.int64], *, key: NDArray[np.int64] | None, names: int) -> None:
        """Take note whose rows had the names at these places ``(rows,)``; ``key`` is None where nobody can say.

        There are so many ``names``; a row whose place is behind them has none of its own.
        """
        if names > len(self._alone):
            self._alone = np.concatenate([self._alone, np.full(names - len(self._alone), _NOBODY)])
        known = places < names
        places = places[known]
        if key is None:
            self._alone[places] = SEVERAL
            return
        key = key[known]
        first = np.flatnonzero(self._alone[places] == _NOBODY)[::-1]
        self._alone[places[first]] = key[first]  # of rows of one place the first stays: it is written last
        self._alone[places[self._alone[places] != key]] = SEVERAL

    def take(self, gone: Gone) -> list[int]:
        """Return the places of the names that only these keys have brought, once: they are nobody's then."""
        places = np.flatnonzero(gone.hashed(self._alone))
        self._alone[places] = SEVERAL
        return [int(place) for place in places]

    def state(self, names: int) -> list[int]:
        """Return what is known, of so many names."""
        known: list[int] = self._alone.tolist()
        return known + [SEVERAL] * (names - len(known))

    def load(self, state: Any) -> None:
        """Take up what ``state`` returned."""
        self._alone = np.array(state, dtype=np.int64)


def without(names: Sequence[str] | Mapping[str, int], places: Sequence[int]) -> dict[str, int]:
    """Return names by place, with what says nothing in place of those that are to go.

    >>> without(["ann", "up"], [0])
    {'__erased__0': 0, 'up': 1}
    """
    return {f"__erased__{place}" if place in places else name: place for place, name in enumerate(names)}
