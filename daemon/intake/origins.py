"""Where values far from zero are taken from, so that float32 can hold what they tell."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.intake.features.parts import LABEL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_FRACTION_BITS = 24
"""Of a float32."""
_NEEDED_BITS = 10
"""Of a deviation: values that have fewer left are taken from an origin."""
_TO_DEVIATION = 1.349
"""Between the quartiles of a Gaussian, in deviations."""
_FAR_AND_CONSTANT = 2.0**20
"""A value that has not varied is taken from itself where a float32 beside it would be an eighth off."""


class Origins:
    """An origin for each field, and one for the label, chosen once from the first rows and never moved.

    Rows are float32 on their way through learner and memory. A meter at 1.76e9 ± 40 would be one value there, so
    rows hold what is beyond the origin, exact in float64 until then. Where a float32 holds the values as they are,
    nearly always, the origin is 0 and not a bit changes. Values that leave the first ones' neighbourhood later are
    as exact as a float32 is at that distance.

    >>> origins = Origins(features=True, label=False)
    >>> origins.choose(["meter", "load"], x=np.array([[1.76e9, 0.5], [1.76e9 + 40, 0.25]]), label=np.zeros(2))
    >>> origins.of(["meter", "load", None]).tolist()
    [1760000000.0, 0.0, 0.0]
    """

    def __init__(self, *, features: bool, label: bool) -> None:
        """``features``, ``label``: whether their scale is learned, so that where they lie makes no difference."""
        self._features = features
        self._label = label
        self._of: dict[str, float] = {}
        self._chosen = False
        self._label_is_open = False
        """Whether the label's is still to be chosen, by the first label."""

    def choose(self, fields: Sequence[str], *, x: Floats, label: Floats | None) -> None:
        """Choose all origins, where that was not done, by rows ``(rows, fields)``, NaN where a value is missing.

        ``label`` is ``(rows,)`` of numbers; None where no label has come yet.
        """
        if self._chosen:
            return
        self._chosen = True
        self._label_is_open = label is None
        columns = {name: x[:, column] for column, name in enumerate(fields)} if self._features else {}
        if self._label and label is not None:
            columns[LABEL] = label
        self._of = {name: origin for name, values in columns.items() if (origin := _origin(values))}

    def choose_label(self, first: float) -> bool:
        """Choose the label's by the first one, where it is still open; return whether it was."""
        if not self._label_is_open:
            return False
        self._label_is_open = False
        if self._label and (origin := _origin(np.array([first]))):
            self._of[LABEL] = origin
        return True

    @property
    def label(self) -> float:
        """What the labels are taken from."""
        return self._of.get(LABEL, 0.0)

    def of(self, about: Sequence[str | None]) -> Floats:
        """Return the origins ``(columns,)`` of columns that hold these fields' values."""
        return np.array([0.0 if name is None else self._of.get(name, 0.0) for name in about])

    def state_dict(self) -> dict[str, Any]:
        """Return the origins that are not 0, and whether they are chosen."""
        still_open = {"label_is_open": True} if self._label_is_open else {}
        return {"chosen": self._chosen, "of": dict(sorted(self._of.items())), **still_open}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state."""
        self._chosen, self._of = state["chosen"], dict(state["of"])
        self._label_is_open = state.get("label_is_open", False)


def _origin(values: Floats) -> float:
    """Return what values are to be taken from: their median, or 0 where float32 holds them well enough."""
    values = values[np.isfinite(values)]
    if not len(values):
        return 0.0
    low, median, high = np.quantile(values, (0.25, 0.5, 0.75), method="inverted_cdf").tolist()
    spread = (high - low) / _TO_DEVIATION
    lost = abs(median) > spread * 2.0 ** (_FRACTION_BITS - _NEEDED_BITS)
    if spread:
        return median if lost else 0.0
    return median if abs(median) >= _FAR_AND_CONSTANT and not _stands_for_nothing(median) else 0.0


def _stands_for_nothing(value: float) -> bool:
    """Tell whether a constant is one of those that sensors send instead of a value: 10ⁿ, 99…9, 2ⁿ and 2ⁿ - 1."""
    size = abs(value)
    return any(
        f"{number:.0f}".strip("0") == "1" or float(np.log2(number)).is_integer() for number in (size, size + 1.0)
    )
