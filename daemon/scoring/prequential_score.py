"""What one prediction adds to the prequential score, and the score that the sums make."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from daemon.scoring.no_change import NO_CLASS
from daemon.scoring.scores import clip_r2

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.int64] | NDArray[np.float32] | NDArray[np.float64]
    Terms = NDArray[np.float64]

CLASS_TERMS = ("rows", "correct", "compared", "correct_compared", "correct_no_change")
NUMBER_TERMS = (
    "rows", "not_finite", "absolute", "squared", "label", "label_squared",
    "compared", "squared_compared", "squared_no_change",
)  # fmt: skip

LEAST_VARIANCE = 1e-12
"""Below this share of the labels' mean square about the origin their variance is the sums' rounding."""


@dataclass(frozen=True, slots=True)
class PrequentialScore:
    """How good the predictions were that were made on arrival; None where undefined, never 0.

    Classes have ``accuracy``, ``no_change_accuracy`` and ``kappa``, numbers those from ``mae`` on.
    """

    rows: int
    """Predictions scored."""
    not_finite: int = 0
    """Predictions of a number that were NaN or infinite: they are in no other figure."""
    accuracy: float | None = None
    compared: int = 0
    """Predictions of rows that have a last label, which the no-change baseline repeats."""
    no_change_accuracy: float | None = None
    """Accuracy of repeating the last label, where there was one."""
    kappa: float | None = None
    """(p - p_nc) / (1 - p_nc), 1 perfect, 0 no better than repeating the last label: the kappa-temporal
    statistic of Žliobaitė, Bifet, Read, Pfahringer & Holmes, Evaluation methods and decision theory for
    classification of streaming data with temporal dependence (Machine Learning 98, 2015). Both accuracies are
    over the rows that have a last label; undefined where repeating it is always right."""
    mae: float | None = None
    rmse: float | None = None
    r2: float | None = None
    """1 - Σ(y - ŷ)² / Σ(y - ȳ)², not clipped; ȳ is the mean label of the same rows. Undefined without variance."""
    skill: float | None = None
    """1 - MSE / MSE of repeating the last label, over the rows that have one; undefined where that one is 0."""
    no_change_rmse: float | None = None
    """Root mean square error of repeating the last label, over the rows that have one."""
    no_change_r2: float | None = None
    """1 - MSE of repeating the last label, over the rows that have one, / the variance of all labels."""

    @property
    def retention_score(self) -> float | None:
        """The figure on the scale of the retention matrix: accuracy, or R² clipped at -1."""
        return self.accuracy if self.r2 is None else clip_r2(self.r2)

    @property
    def no_change_score(self) -> float | None:
        """The same of the no-change baseline."""
        return self.no_change_accuracy if self.no_change_r2 is None else clip_r2(self.no_change_r2)


def class_terms(prediction: Column, *, label: Column, no_change: Column | None) -> Terms:
    """Return ``(rows, 5)``: the columns of ``CLASS_TERMS``, 0 or 1. ``NO_CLASS``: no baseline."""
    reference = np.full(len(label), NO_CLASS) if no_change is None else no_change
    correct, compared = prediction == label, reference != NO_CLASS
    columns = (1.0, correct, compared, correct & compared, compared & (reference == label))
    terms = np.empty((len(label), len(columns)))
    for place, column in enumerate(columns):
        terms[:, place] = column
    return terms


def number_terms(prediction: Column, *, label: Column, no_change: Column | None, origin: float) -> Terms:
    """Return ``(rows, 9)``: the columns of ``NUMBER_TERMS``. NaN: no baseline.

    Labels enter as their distance from ``origin``, any label of the stream: squares of large numbers far from
    zero would leave nothing of a small variance.
    """
    y = label.astype(np.float64)
    reference = np.full(len(y), np.nan) if no_change is None else no_change.astype(np.float64)
    error = prediction.astype(np.float64) - y
    finite = np.isfinite(error)
    compared = finite & np.isfinite(reference)
    error = np.where(finite, error, 0.0)
    distance = np.where(finite, y - origin, 0.0)
    step = np.where(compared, reference - y, 0.0)
    squared = error * error
    columns = (
        finite, ~finite, np.abs(error), squared, distance, distance * distance,
        compared, np.where(compared, squared, 0.0), step * step,
    )  # fmt: skip
    return np.stack(columns, axis=1, dtype=np.float64)


def class_score(sums: Terms) -> PrequentialScore:
    """Return the score of classes from the sums ``(5,)`` of ``CLASS_TERMS``."""
    s = dict(zip(CLASS_TERMS, sums.tolist(), strict=True))
    p_no_change = _ratio(s["correct_no_change"], s["compared"])
    return PrequentialScore(
        rows=int(s["rows"]),
        accuracy=_ratio(s["correct"], s["rows"]),
        compared=int(s["compared"]),
        no_change_accuracy=p_no_change,
        kappa=_ratio(s["correct_compared"] - s["correct_no_change"], s["compared"] - s["correct_no_change"]),
    )


def number_score(sums: Terms) -> PrequentialScore:
    """Return the score of numbers from the sums ``(9,)`` of ``NUMBER_TERMS``."""
    s = dict(zip(NUMBER_TERMS, sums.tolist(), strict=True))
    variation = _variation(s)
    return PrequentialScore(
        rows=int(s["rows"]),
        not_finite=int(s["not_finite"]),
        mae=_ratio(s["absolute"], s["rows"]),
        rmse=_root(_ratio(s["squared"], s["rows"])),
        r2=_one_minus(_ratio(s["squared"], variation)),
        compared=int(s["compared"]),
        skill=_one_minus(_ratio(s["squared_compared"], s["squared_no_change"])),
        no_change_rmse=_root(_ratio(s["squared_no_change"], s["compared"])),
        no_change_r2=_one_minus(_ratio(s["squared_no_change"] * s["rows"], variation * s["compared"])),
    )


def _variation(s: dict[str, float]) -> float:
    """Σ(y - ȳ)² from the sums, 0 where it cannot be told from rounding."""
    if not s["rows"]:
        return 0.0
    variation = s["label_squared"] - s["label"] ** 2 / s["rows"]
    return variation if variation > LEAST_VARIANCE * s["label_squared"] else 0.0


def _ratio(numerator: float, denominator: float) -> float | None:
    return numerator / denominator if denominator else None


def _root(value: float | None) -> float | None:
    return None if value is None else math.sqrt(value)


def _one_minus(value: float | None) -> float | None:
    return None if value is None else 1 - value
