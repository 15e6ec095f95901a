from __future__ import annotations

import numpy as np
import pytest

from daemon.intake.labels.label_columns import label_columns, label_width
from daemon.intake.labels.options import ClassLabel, NumberLabel


@pytest.mark.parametrize(
    ("label", "columns"),
    [
        (ClassLabel(max_classes=2), [[1.0], [-1.0]]),
        (ClassLabel(classes=("a", "b")), [[1.0], [-1.0]]),
        (ClassLabel(classes=("a", "b", "c")), [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]),
    ],
)
def test_classes_become_signs_or_one_hot(label: ClassLabel, columns: list[list[float]]) -> None:
    found = label_columns(np.array([1, 0]), label)
    assert found.tolist() == columns
    assert found.shape == (2, label_width(label))


def test_numbers_stay_numbers() -> None:
    found = label_columns(np.array([0.5, -2.0], dtype=np.float32), NumberLabel())
    assert found.tolist() == [[0.5], [-2.0]]
    assert found.dtype == np.float64
    assert label_width(NumberLabel()) == 1
