"""Whether two states are the same, bit for bit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def assert_same_state(one: Any, other: Any, path: str = "state") -> None:
    assert type(one) is type(other), path
    if isinstance(one, dict):
        assert list(one) == list(other), path
        for name in one:
            assert_same_state(one[name], other[name], f"{path}.{name}")
    elif isinstance(one, torch.Tensor):
        assert_same_state(one.detach().numpy(), other.detach().numpy(), path)
    elif isinstance(one, np.ndarray):
        assert (one.dtype, one.shape) == (other.dtype, other.shape), path
        assert one.tobytes() == other.tobytes(), path
    else:
        assert json.dumps(one) == json.dumps(other), path


def chunks(rows: int, sizes: Sequence[int]) -> Iterator[slice]:
    """Slices that cut ``rows`` rows into pieces of the given sizes, again and again."""
    start = 0
    while start < rows:
        for size in sizes:
            yield slice(start, start + size)
            start += size
