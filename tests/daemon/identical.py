"""Whether two nested states are the same: types, order of keys, shapes, dtypes and bits."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch


def identical(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    match one:
        case dict():
            return list(one) == list(other) and all(identical(one[key], other[key]) for key in one)
        case list():
            return len(one) == len(other) and all(map(identical, one, other))
        case float():
            return (math.isnan(one) and math.isnan(other)) or one.hex() == other.hex()
        case torch.Tensor() | np.ndarray():
            return _form(one) == _form(other)
    return bool(one == other)


def _form(leaf: Any) -> tuple[str, tuple[int, ...], bytes]:
    dtype, shape = str(leaf.dtype), tuple(leaf.shape)
    if isinstance(leaf, torch.Tensor):
        leaf = (leaf.view(torch.int16) if leaf.dtype is torch.bfloat16 else leaf).numpy()
    return dtype, shape, leaf.tobytes()
