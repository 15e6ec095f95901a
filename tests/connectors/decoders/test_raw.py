from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from connectors.decoders.raw import RawDecoder
from connectors.decoders.raw_options import RawOptions
from connectors.record import LocalRecord

HEADERS = [("label", b"7"), ("task", b"mnist"), ("id", b"k"), ("when", b"1600000001500")]


def _decode(*values: bytes, headers: Any = HEADERS, **options: Any) -> Any:
    records = [LocalRecord("t", 0, n, 1_600_000_004_000, None, value, headers) for n, value in enumerate(values)]
    return RawDecoder(RawOptions(**options)).decode(records)


def test_an_image_is_scaled_and_its_headers_are_read() -> None:
    options = {"label": "label", "task": "task", "key": "id", "time": "when", "time_unit": "milliseconds"}
    rows, rejects = _decode(bytes([0, 1, 2, 255]), dtype="uint8", shape=(2, 2), scale=2.0, offset=-1.0, **options)
    assert rejects == []
    assert rows.x.tolist() == [[-1.0, 1.0, 3.0, 509.0]]
    assert (rows.label, rows.task, rows.key, rows.time.tolist()) == (["7"], ["mnist"], [b"k"], [1_600_000_001.5])


@pytest.mark.parametrize("dtype", ["int16", "int32", "float16", "float32", "float64"])
def test_numbers_are_little_endian(dtype: str) -> None:
    rows, _ = _decode(
        np.array([-2, 300], dtype=dtype).astype(f"<{dtype[0]}{np.dtype(dtype).itemsize}").tobytes(),
        dtype=dtype,
        shape=(2,),
    )
    assert rows.x.tolist() == [[-2.0, 300.0]]


def test_a_wrong_size_is_rejected_with_both_sizes() -> None:
    rows, [reject] = _decode(bytes(8), bytes(7), dtype="float32", shape=(2,))
    assert len(rows) == 1
    assert reject.reason == "wrong_type"
    assert "7 bytes" in reject.message
    assert "has 8" in reject.message


@pytest.mark.parametrize(("number", "scale"), [(np.nan, 1.0), (np.inf, 1.0), (3e38, 10.0)])
def test_what_a_float32_cannot_hold_is_rejected(number: float, scale: float) -> None:
    values = [np.array([x], dtype="<f4").tobytes() for x in (1.0, number, 2.0)]
    rows, [reject] = _decode(*values, dtype="float32", shape=(1,), scale=scale)
    assert len(rows) == 2
    assert reject.reason == "not_finite"


@pytest.mark.parametrize(
    ("headers", "reason"),
    [([], "missing_task"), ([("task", b"")], "missing_task"), ([("task", b"\xff")], "wrong_type")],
)
def test_an_event_without_a_readable_task_is_rejected(headers: Any, reason: str) -> None:
    _, [reject] = _decode(bytes(1), headers=headers, dtype="uint8", shape=(1,), task="task")
    assert (reject.stage, reject.reason) == ("task", reason)


def test_an_absent_label_and_time_are_no_error() -> None:
    rows, rejects = _decode(bytes(1), headers=[], dtype="uint8", shape=(1,), label="label", time="when")
    assert (rows.label, rows.time.tolist(), rejects) == ([None], [1_600_000_004.0], [])


def test_a_shape_larger_than_the_limit_is_refused() -> None:
    with pytest.raises(ValidationError, match="raise max_bytes"):
        RawOptions(dtype="float64", shape=(1_000, 1_000))
