"""What one field of a stream holds, by some of its values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.sample.clocks import Clock

Kind = Literal["number", "text", "boolean", "time", "nested", "nothing"]
Writing = Literal["plain", "text", "decimal comma", "thousands comma"]

_EXACT = 2**53
_HARDLY_EVER = 0.01


@dataclass(frozen=True, slots=True)
class FieldProfile:
    """One field."""

    name: str
    kind: Kind
    rows: int
    """Events that were looked at."""
    absent: int
    """Of them, those in which it is not there, null or empty."""
    distinct: int
    """Different values, gaps left out."""
    counts: Mapping[Any, int]
    """How often each value comes, as it was sent; gaps left out."""
    sent: Sequence[Any] = ()
    """Every event's value, as it was sent."""
    examples: tuple[str, ...] = ()
    """The most frequent values, shortened."""
    marks: Mapping[str, int] = field(default_factory=dict)
    """Texts among numbers, which stand for a missing value, and how often each comes."""
    sentinel: float | None = None
    """A number that seems to stand for a missing value."""
    writing: Writing = "plain"
    """How its numbers are written."""
    clock: Clock | None = None
    """How its times are written."""
    values: NDArray[np.float64] = field(default_factory=lambda: np.empty(0))
    """Numbers in the stream's order, NaN where missing; empty for other kinds."""

    @property
    def present(self) -> int:
        """Events that have a value here."""
        return self.rows - self.absent - sum(self.marks.values())

    @property
    def missing_share(self) -> float:
        """Share of the events that have none, marks among them."""
        return 1 - self.present / self.rows if self.rows else 1.0

    @property
    def whole(self) -> bool:
        """Whether all its numbers are whole."""
        numbers = self.numbers
        return bool(len(numbers)) and bool((numbers == np.floor(numbers)).all())

    @property
    def numbers(self) -> NDArray[np.float64]:
        """Its numbers without the gaps."""
        return self.values[np.isfinite(self.values)]

    @property
    def range(self) -> tuple[float, float] | None:
        """Lowest and highest number; None of other kinds."""
        numbers = self.numbers
        return (float(numbers.min()), float(numbers.max())) if len(numbers) else None

    @property
    def rises(self) -> bool:
        """Whether hardly any number is below the one before it."""
        steps = np.diff(self.numbers)
        return len(steps) > 0 and float(np.mean(steps < 0)) <= _HARDLY_EVER and bool((steps > 0).any())

    @property
    def counts_rows(self) -> bool:
        """Whether it is a number of each row: whole, and higher with every one."""
        steps = np.diff(self.numbers)
        return self.whole and self.distinct == self.present and len(steps) > 1 and bool((steps > 0).all())

    @property
    def inexact(self) -> bool:
        """Whether it has whole numbers beyond what a float holds exactly: they are names, not amounts."""
        extent = self.range
        return self.whole and extent is not None and max(map(abs, extent)) > _EXACT
