"""One field of categories: which column each value has."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Protocol

from daemon.intake.bringers import Bringers, without

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from daemon.intake.features.options import Category
    from strategies.row_holder import Gone

NOWHERE: Final = -1
"""The column of what has none."""
_LONGEST = 64


class Places(Protocol):
    """Gives values their columns."""

    @property
    def names(self) -> Sequence[str]:
        """Of the columns."""

    def place(self, value: str) -> int:
        """Return the column of a value, from 0."""

    def find(self, value: str) -> int:
        """Return the column that ``place`` would return; give none away."""


class Vocabulary:
    """The first ``most`` values that come have a column each; all others share the last one, and are counted.

    A column never changes hands: what the model has learned of a value stays true.

    >>> wind = Vocabulary("wind", most=2)
    >>> [wind.place(value) for value in ("N", "S", "N", "W")], wind.unseen, wind.names
    ([0, 1, 0, 2], 1, ['wind_category0', 'wind_category1', 'wind_other'])
    """

    def __init__(self, field: str, *, most: int) -> None:
        self.names = [*(f"{field}_category{place}" for place in range(most)), f"{field}_other"]
        self.unseen = 0
        """Values that came when all columns were taken."""
        self._most = most
        self._places: dict[str, int] = {}
        self._bringers = Bringers()

    @property
    def known(self) -> Sequence[str]:
        """The values that have a column, in the columns' order."""
        return list(self._places)

    def place(self, value: str) -> int:
        """Return the column of a value, giving it one where there is one left."""
        place = self._places.get(value)
        if place is None and len(self._places) < self._most:
            place = self._places[value] = len(self._places)
        if place is None:
            self.unseen += 1
            return self._most
        return place

    def find(self, value: str) -> int:
        """Return the column that the value would have; it stays free where it is."""
        return self._places.get(value, len(self._places))

    def note(self, places: NDArray[np.int64], *, key: NDArray[np.int64] | None) -> None:
        """Take note whose rows had the values of these columns ``(rows,)``."""
        self._bringers.note(places, key=key, names=len(self._places))

    def forget(self, gone: Gone) -> int:
        """Let the values go that only these keys have brought, and keep their columns; return how many."""
        places = self._bringers.take(gone)
        self._places = without(self._places, places)
        return len(places)

    def state_dict(self) -> dict[str, Any]:
        """Return the values known, who alone has brought each, and how many weren't."""
        known = list(self._places)
        return {"known": known, "whose": self._bringers.state(len(known)), "unseen": self.unseen}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        self._places = {value: place for place, value in enumerate(state["known"])}
        self._bringers.load(state["whose"])
        self.unseen = int(state["unseen"])


class Buckets:
    """Spreads values over columns by a hash (Weinberger et al., Feature hashing, 2009, without signs).

    >>> [Buckets("wind", columns=4).place(value) for value in ("N", "E", "N")]
    [3, 1, 3]
    """

    def __init__(self, field: str, *, columns: int) -> None:
        self.names = [f"{field}_hash{place}" for place in range(columns)]

    def place(self, value: str) -> int:
        """Return the column of a value, the same for ever."""
        digest = blake2b(value.encode(errors="surrogatepass"), digest_size=8).digest()
        return int.from_bytes(digest, "big") % len(self.names)

    def find(self, value: str) -> int:
        """Return the same."""
        return self.place(value)


def places_of(field: str, options: Category) -> Vocabulary | Buckets:
    """Return what gives the values of a field their columns."""
    if options.hash is not None:
        return Buckets(field, columns=options.hash)
    return Vocabulary(field, most=options.max)


def short(value: str) -> str:
    """Return a value as it is remembered: a long one as its digest, so that memory stays bounded.

    >>> short("N"), len(short("N" * 1_000))
    ('N', 64)
    """
    if len(value) <= _LONGEST:
        return value
    return blake2b(value.encode(errors="surrogatepass"), digest_size=_LONGEST // 2).hexdigest()
