from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

from daemon.intake.labels.number_labels import encode_numbers


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "missing_label"),
        ("", "missing_label"),
        (True, "wrong_type"),
        ("warm", "wrong_type"),
        ([1.0], "wrong_type"),
        (float("nan"), "not_finite"),
        ("inf", "not_finite"),
        (1e39, "not_finite"),
        (10**400, "not_finite"),
    ],
)
def test_what_is_no_finite_number_is_rejected_with_its_reason(value: Any, reason: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        numbers, accepted, faults = encode_numbers([1.5, value, -2])
    assert numbers.tolist() == [1.5, -2.0]
    assert accepted.tolist() == [True, False, True]
    assert [(fault.row, fault.reason) for fault in faults] == [(1, reason)]


def test_numbers_are_taken_as_text_or_as_numbers_alike() -> None:
    as_numbers, as_text = encode_numbers([1, 0.1, -3e38]), encode_numbers(["1", " 0.1", "-3e38"])
    assert as_numbers.values.dtype == np.float64
    assert as_numbers.values.tobytes() == as_text.values.tobytes()
    assert as_text.accepted.all()
    assert encode_numbers([]).values.shape == (0,)
