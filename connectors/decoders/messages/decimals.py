"""Decimals that come unscaled, as the bytes of a whole number, and their scale beside them."""

from __future__ import annotations

import binascii
from base64 import b64decode
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from connectors.decoders.envelope import RejectedError, kind
from connectors.decoders.json_fields import lookup
from connectors.decoders.messages.fields import replaced

if TYPE_CHECKING:
    from collections.abc import Mapping

_LARGEST_SCALE = 1_000
_LONGEST_BYTES = 512


def decimal_of(unscaled: Any, scale: Any) -> Any:
    r"""Return the number whose unscaled two's complement, as bytes or Base64, and scale are given.

    A number stays as it is: Connect writes one with ``decimal.format: NUMERIC``. Raises ``RejectedError``.

    >>> decimal_of("MDk=", 2), decimal_of(b"\xff", 1), decimal_of(123.45, 2)
    (Decimal('123.45'), Decimal('-0.1'), 123.45)
    """
    if unscaled is None or (isinstance(unscaled, int | float | Decimal) and not isinstance(unscaled, bool)):
        return unscaled
    raw = _bytes(unscaled)
    if type(scale) is not int or abs(scale) > _LARGEST_SCALE or raw is None or len(raw) > _LONGEST_BYTES:
        raise RejectedError(
            "decode",
            "wrong_type",
            f"A decimal is {kind(unscaled)} that its scale doesn't make a number; expected bytes or Base64, and a"
            " scale.",
        )
    return Decimal(int.from_bytes(raw, "big", signed=True)).scaleb(-scale)


def declared_decimals(event: Any, scales: Mapping[str, int]) -> Any:
    """Return an event with the fields that hold decimals of these scales as numbers."""
    if not isinstance(event, dict):
        return event
    for name, scale in scales.items():
        if (value := lookup(event, name)) is not None:
            event = replaced(event, name, decimal_of(value, scale))
    return event


def _bytes(value: Any) -> bytes | None:
    if not isinstance(value, str):
        return value if isinstance(value, bytes) else None
    try:
        return b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return None
