"""Processor threads, in torch and in numpy's linear algebra."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from threadpoolctl import threadpool_info

from daemon.process.threads import threads, use_threads


def of_blas() -> list[int]:
    np.ones((2, 2)) @ np.ones((2, 2))
    return [each["num_threads"] for each in threadpool_info() if each["user_api"] == "blas"]


@pytest.mark.parametrize("number", [1, 2])
def test_both_use_as_many_as_they_are_told(number: int) -> None:
    with threads(7):  # to be put back in the end
        use_threads(number)
        assert torch.get_num_threads() == number
        assert of_blas() == [number] * len(of_blas()) != []


def test_outside_of_the_context_all_is_as_before() -> None:
    before = torch.get_num_threads(), of_blas()
    with threads(3):
        assert torch.get_num_threads() == 3
        assert set(of_blas()) == {3}
    assert (torch.get_num_threads(), of_blas()) == before
