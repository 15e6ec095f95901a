"""How much memory a remembered row takes."""

from __future__ import annotations

from math import ceil
from typing import TYPE_CHECKING

from strategies.provenance import PROVENANCE_COLUMNS

if TYPE_CHECKING:
    from strategies.options.buffer import Precision

_VALUE_BYTES = {"float32": 4.0, "float16": 2.0, "uint8": 1.0, "uint4": 0.5}
_LABEL_BYTES, _TASK_BYTES, _PROVENANCE_BYTES, _OUTPUT_BYTES = 4, 2, 8, 2


def row_bytes(features: int, precision: Precision, *, outputs: int = 0) -> int:
    """Return the bytes that one row takes in ``RowStorage``.

    >>> row_bytes(784, "uint4")
    430
    """
    about = _LABEL_BYTES + _TASK_BYTES + _PROVENANCE_BYTES * PROVENANCE_COLUMNS
    return ceil(features * _VALUE_BYTES[precision]) + about + _OUTPUT_BYTES * outputs
