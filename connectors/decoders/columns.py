"""Parsed columns on their way to rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from connectors.record import Record


@dataclass(slots=True)
class Columns:
    """Parsed columns that become ``Rows``; a missing feature is NaN in ``x``, the rest is as it was parsed."""

    x: list[Sequence[float]] | NDArray[np.float64] = field(default_factory=list)
    label: list[Any] = field(default_factory=list)
    task: list[Any] = field(default_factory=list)
    key: list[Any] = field(default_factory=list)
    time: list[Any] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    cells: dict[str, list[Any]] = field(default_factory=dict)
