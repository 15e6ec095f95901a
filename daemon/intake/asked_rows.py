"""Rows that somebody asks about: no events, and nothing is remembered of them."""

from __future__ import annotations

import zlib
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoders.value_meaning import ValueMeaning
    from daemon.intake.features.categories import Categories
    from daemon.intake.features.stream import StreamFeatures
    from daemon.intake.imputer import Imputer


class UnanswerableError(ValueError):
    """What is asked has no answer; the message says which row and field, and what was expected."""


@dataclass(frozen=True, slots=True)
class AskedRows:
    """Columns of the same length, as a decoder makes them of events.

    ``x`` is ``(rows, fields) float64``, NaN where a value is missing; ``key`` holds None where there is none,
    ``time`` ``(rows,) float64`` seconds since 1970, NaN where unknown; ``task`` is None where nobody says it.
    """

    x: NDArray[np.float64]
    key: Sequence[bytes | None]
    time: NDArray[np.float64]
    task: Sequence[str | None] | None = None
    cells: Mapping[str, Sequence[str | None]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.x)

    @property
    def hashes(self) -> NDArray[np.int64]:
        """``(rows,)``: the keys as ``Batch.key`` has them."""
        hashes = [UNKNOWN if key is None else zlib.crc32(key) for key in self.key]
        return np.array(hashes, dtype=np.int64)


class KnownLags(Protocol):
    """The labels that have come, key by key."""

    def known(self, keys: Sequence[bytes | None]) -> NDArray[np.float64]:
        """Return the newest labels of each key ``(keys, steps, width)``, the newest first."""


class RowGlance:
    """Makes of asked rows what would be learned of them if each came next, alone, under its key.

    Lags and rolling statistics are those of the key's history; where it has none, they are what they are of a first
    row. Nothing is remembered: a value that has no column yet has that of the next new one.
    """

    def __init__(
        self,
        fields: Sequence[str],
        *,
        meaning: ValueMeaning | None,
        imputer: Imputer,
        features: StreamFeatures,
        categories: Categories,
        origin: NDArray[np.float64],
        lags: KnownLags | None = None,
    ) -> None:
        self.fields = tuple(fields)
        """Names of the columns of ``AskedRows.x``."""
        self.categories = categories
        self._meaning = meaning
        self._imputer = imputer
        self._features = features
        self.origin = origin
        """What columns are taken from ``(features,)``."""
        self._lags = lags
        """The labels that have come, where they come later."""

    def copied(self) -> RowGlance:
        """Return one that stays as this is now, while events go on to come."""
        return RowGlance(
            self.fields,
            meaning=self._meaning,
            imputer=deepcopy(self._imputer),
            features=deepcopy(self._features),
            categories=deepcopy(self.categories),
            origin=self.origin,
            lags=deepcopy(self._lags),
        )

    def is_missing(self, name: str, value: Any) -> bool:
        """Tell whether a value of a field that is no feature is missing, or stands for that in an event."""
        return value is None or (self._meaning is not None and self._meaning.is_missing(name, value))

    def x(self, asked: AskedRows) -> NDArray[np.float32]:
        """Return the rows ``(rows, features)`` as the model sees them; raise ``UnanswerableError``."""
        self._require_categories(asked)
        x = asked.x if self._meaning is None else self._meaning.valid(asked.x, fields=self.fields)
        filled = self._imputer.glance(x, key=asked.key)
        self._require_numbers(filled)
        flags = self.categories.glance(asked.cells) if self.categories.names else None
        known = None if self._lags is None else self._lags.known(asked.key)
        rows = self._features.glance(filled, key=asked.key, time=asked.time, flags=flags, known_labels=known)
        return (rows - self.origin).astype(np.float32)

    def _require_categories(self, asked: AskedRows) -> None:
        for row, name in self.categories.missing(asked.cells).items():
            raise UnanswerableError(f"row {row}: the category {name!r} is missing; give it, as text")

    def _require_numbers(self, x: NDArray[np.float64]) -> None:
        """Raise where a value is none, or none that a float32 can hold."""
        with np.errstate(invalid="ignore"):
            wrong = np.argwhere(~(np.abs(x) <= _LARGEST))
        if len(wrong):
            row, column = wrong[0].tolist()
            problem = "is missing" if np.isnan(x[row, column]) else "is too large for a float32"
            raise UnanswerableError(f"row {row}: the feature {self.fields[column]!r} {problem}; give a number")


_LARGEST = float(np.finfo(np.float32).max)
