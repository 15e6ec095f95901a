"""Rejected records and predictions to write."""

from __future__ import annotations

from typing import Any

from connectors.decoder import Reject
from connectors.record import LocalRecord
from connectors.sink import Prediction


def record(offset: int = 7, **fields: Any) -> LocalRecord:
    known = {"key": b"k", "value": b"\xff{", "headers": [("h", b"\x00")]} | fields
    return LocalRecord("plant", 3, offset, 1_700_000_000_000, known["key"], known["value"], known["headers"])


def reject(offset: int = 7, **fields: Any) -> Reject:
    return Reject(record(offset, **fields), "decode", "undecodable", "not JSON at byte 0: é")


def prediction(offset: int = 7, **fields: Any) -> Prediction:
    known = {"prediction": "ok", "confidence": 0.75, "label": "bad", "task": "winter", "step": 9} | fields
    return Prediction(record(offset), **known)
