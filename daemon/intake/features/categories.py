"""Fields of categories as columns of flags: one-hot, with a bounded open vocabulary, or hashed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import structlog

from daemon.intake.features.category import NOWHERE, Vocabulary, places_of, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.intake.features.options import Category
    from strategies.row_holder import Gone

log = structlog.get_logger("retaind")


@dataclass(frozen=True, slots=True)
class CategoryCounts:
    """How far the vocabulary of a field is used up."""

    known: int
    limit: int
    unseen: int
    """Values, event by event, that found no column of their own."""


class Categories:
    """Gives every value of the declared fields its column; one object for a stream and all that goes with it.

    >>> from daemon.intake.features.options import Category
    >>> categories = Categories({"wind": Category(max=2)})
    >>> categories.names
    ['wind_category0', 'wind_category1', 'wind_other']
    >>> categories.columns({"wind": ["N", "S", "N"]}).tolist()
    [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]
    """

    def __init__(self, options: Mapping[str, Category]) -> None:
        self._options = options
        self._places = {field: places_of(field, each) for field, each in options.items()}
        self._widths = {field: len(_names(field, each)) for field, each in options.items()}
        self.names = names_of(options)
        """Of the columns: of a field's known values, of all others, and of what is missing, where that counts."""
        self._told: set[str] = set()

    @property
    def fields(self) -> Sequence[str]:
        """The fields whose values are categories."""
        return list(self._options)

    def missing(self, cells: Mapping[str, Sequence[str | None]]) -> dict[int, str]:
        """Return the rows that can't be taken because a value is missing, and the field where it is."""
        return {
            row: field
            for field, each in self._options.items()
            if each.missing == "reject"
            for row, value in enumerate(cells[field])
            if value is None
        }

    def columns(
        self, cells: Mapping[str, Sequence[str | None]], *, key: NDArray[np.int64] | None = None
    ) -> NDArray[np.float64]:
        """Return the flags ``(rows, names) float64`` of the rows' values by field, None where one is missing.

        Values that are new get a column, row by row. ``key`` are hashes of the rows' keys ``(rows,)``, if known.
        """
        codes = self._codes(cells, {field: places.place for field, places in self._places.items()})
        for field, places in self._places.items():
            if isinstance(places, Vocabulary):
                there = codes[field] != NOWHERE
                places.note(codes[field][there], key=None if key is None else key[there])
        self._tell()
        return self._flags(codes)

    def forget(self, gone: Gone) -> int:
        """Let the values go that only these keys have brought; return how many: see ``RowHolder``."""
        return sum(places.forget(gone) for places in self._places.values() if isinstance(places, Vocabulary))

    def glance(self, cells: Mapping[str, Sequence[str | None]]) -> NDArray[np.float64]:
        """Return the flags that ``columns`` would return of each row, alone; no value gets a column."""
        return self._flags(self._codes(cells, {field: places.find for field, places in self._places.items()}))

    def _codes(
        self, cells: Mapping[str, Sequence[str | None]], places: Mapping[str, Any]
    ) -> dict[str, NDArray[np.int64]]:
        """Return which of its field's columns each row has ``(rows,)``, by field."""
        return {
            field: np.fromiter(
                map(self._code_of(field, width, places[field]), cells[field]),
                dtype=np.int64,
                count=len(cells[field]),
            )
            for field, width in self._widths.items()
        }

    def _flags(self, codes: Mapping[str, NDArray[np.int64]]) -> NDArray[np.float64]:
        flags = np.zeros((len(next(iter(codes.values()), ())), len(self.names)))
        start = 0
        for field, width in self._widths.items():
            there = np.flatnonzero(codes[field] != NOWHERE)
            flags[there, start + codes[field][there]] = 1.0
            start += width
        return flags

    def _code_of(self, field: str, width: int, place: Any) -> Any:
        missing = width - 1 if self._options[field].missing == "category" else NOWHERE
        return lambda value: missing if value is None else place(short(value))

    def counts(self) -> dict[str, CategoryCounts]:
        """Return how far each vocabulary is used up."""
        return {
            field: CategoryCounts(len(places.known), limit=self._options[field].max, unseen=places.unseen)
            for field, places in self._places.items()
            if isinstance(places, Vocabulary)
        }

    def _tell(self) -> None:
        for field, counts in self.counts().items():
            if counts.unseen and field not in self._told:
                self._told.add(field)
                log.warning(
                    "a field has more categories than columns: the later ones share one",
                    field=field,
                    max=counts.limit,
                    remedy=f"raise features.categories.{field}.max, in an empty checkpoint directory, or use hash",
                )

    def state_dict(self) -> dict[str, Any]:
        """Return the vocabularies; of a hash there is nothing to know."""
        return {
            field: places.state_dict() for field, places in self._places.items() if isinstance(places, Vocabulary)
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the vocabularies; which columns there are, the features' names have told before."""
        for field, places in self._places.items():
            if isinstance(places, Vocabulary) and field in state:
                places.load_state_dict(state[field])
        self._told = {field for field, counts in self.counts().items() if counts.unseen}


def names_of(options: Mapping[str, Category]) -> list[str]:
    """Return the names of all columns: each is a flag, 0 or 1, that no scale is to change."""
    return [name for field, each in options.items() for name in _names(field, each)]


def _names(field: str, options: Category) -> list[str]:
    missing = [f"{field}_missing"] if options.missing == "category" else []
    return [*places_of(field, options).names, *missing]
