"""An event of any format as the JSON that says the same."""

from __future__ import annotations

import math
import sys
from typing import Any

import msgspec

_encode = msgspec.json.Encoder(decimal_format="number").encode
_NOT_FINITE = sys.float_info.max
"""Stands for NaN and infinities, which JSON lacks: no feature, time or label may be as large."""


def event_json(event: Any) -> bytes:
    """Return an event as JSON: every number as a number, bytes as Base64, moments as ISO 8601.

    What is not finite becomes a number beyond all that a feature may be: where it is used, it is refused by name.

    >>> from decimal import Decimal
    >>> event_json({"n": 2**70, "price": Decimal("12.50"), "id": b"k", "bad": float("nan")})
    b'{"n":1180591620717411303424,"price":12.50,"id":"aw==","bad":1.7976931348623157e308}'
    """
    encoded = _encode(event)
    return _encode(_finite(event)) if b"null" in encoded else encoded


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else _NOT_FINITE
    if isinstance(value, dict):
        return {name: _finite(each) for name, each in value.items()}
    return [_finite(each) for each in value] if isinstance(value, list | tuple) else value
