"""Tensors of the Open Inference Protocol, in JSON or in its binary extension."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.serving.protocol_error import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NUMBERS = {
    "BOOL": np.dtype("?"),
    "UINT8": np.dtype("u1"),
    "UINT16": np.dtype("<u2"),
    "UINT32": np.dtype("<u4"),
    "UINT64": np.dtype("<u8"),
    "INT8": np.dtype("i1"),
    "INT16": np.dtype("<i2"),
    "INT32": np.dtype("<i4"),
    "INT64": np.dtype("<i8"),
    "FP16": np.dtype("<f2"),
    "FP32": np.dtype("<f4"),
    "FP64": np.dtype("<f8"),
}
TEXT = "BYTES"
_LENGTH_BYTES = 4
_MOST_EXTENTS = 8
_NUMBERS = frozenset({int, float, bool, type(None)})
_TEXTS = frozenset({str, type(None)})


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input: its values row by row, None where one is missing."""

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: list[Any]

    @property
    def rows(self) -> int:
        """The first extent of the shape."""
        return self.shape[0]

    @property
    def width(self) -> int:
        """Values in a row."""
        return math.prod(self.shape[1:])

    def numbers(self) -> np.ndarray[Any, np.dtype[np.float64]]:
        """Return ``(rows, width) float64``, NaN where a value is missing."""
        if self.datatype == TEXT:
            raise ProtocolError(f"input {self.name!r} is {TEXT}; expected numbers, such as FP64")
        try:
            return np.array(self.values, dtype=np.float64).reshape(self.rows, self.width)
        except OverflowError as error:
            raise ProtocolError(f"input {self.name!r} has a number that no FP64 can hold") from error

    def column(self) -> list[Any]:
        """Return one value a row; raise ``ProtocolError`` where there are others."""
        if self.width != 1:
            raise ProtocolError(f"input {self.name!r} has the shape {list(self.shape)}; expected [{self.rows}]")
        return self.values


def tensor_of(spec: Any, *, blob: bytes | None = None) -> Tensor:
    """Return the tensor that a request describes; ``blob`` is its binary data, where it has any."""
    name, datatype, shape = _described(spec)
    values = _listed(spec, name, datatype, shape) if blob is None else _unpacked(blob, name, datatype)
    if len(values) != math.prod(shape):
        raise ProtocolError(f"input {name!r} has {len(values)} values; its shape {list(shape)} needs others")
    return Tensor(name, datatype, shape, values)


def binary_bytes(spec: Any) -> int | None:
    """Return how many bytes of binary data a tensor has; None where it is all in the JSON."""
    parameters = spec.get("parameters") if isinstance(spec, dict) else None
    size = parameters.get("binary_data_size") if isinstance(parameters, dict) else None
    if size is None or (type(size) is int and size >= 0):
        return size
    raise ProtocolError("binary_data_size is not a number of bytes")


def _described(spec: Any) -> tuple[str, str, tuple[int, ...]]:
    if not isinstance(spec, dict) or not isinstance(spec.get("name"), str):
        raise ProtocolError("an input is an object with name, shape, datatype and data")
    name, datatype, shape = spec["name"], spec.get("datatype"), spec.get("shape")
    if datatype not in NUMBERS and datatype != TEXT:
        raise ProtocolError(f"input {name!r} has the datatype {datatype}; known are {', '.join(NUMBERS)}, {TEXT}")
    if not isinstance(shape, list) or not 1 <= len(shape) <= _MOST_EXTENTS or not all(map(_is_extent, shape)):
        raise ProtocolError(f"input {name!r} has no shape; expected a list of at most {_MOST_EXTENTS} extents")
    return name, datatype, tuple(shape)


def _is_extent(value: Any) -> bool:
    return type(value) is int and value >= 0


def _listed(spec: Mapping[str, Any], name: str, datatype: str, shape: tuple[int, ...]) -> list[Any]:
    """Return the values of a tensor in JSON, which are a flat list or nested as the shape is."""
    values = spec.get("data")
    if not isinstance(values, list):
        raise ProtocolError(f"input {name!r} has no data; expected a list")
    for _ in shape[1:]:
        if not values or not all(isinstance(each, list) for each in values):
            break
        values = list(chain.from_iterable(values))
    expected = _TEXTS if datatype == TEXT else _NUMBERS
    if not expected.issuperset(map(type, values)):
        kind = "text" if datatype == TEXT else "numbers"
        raise ProtocolError(f"input {name!r} is {datatype}; expected {kind}, as a flat list or nested as the shape")
    return values


def _unpacked(blob: bytes, name: str, datatype: str) -> list[Any]:
    """Return the values of binary data: little-endian numbers, or texts behind their lengths of four bytes."""
    try:
        if datatype == TEXT:
            return list(_texts(blob))
        return list(np.frombuffer(blob, dtype=NUMBERS[datatype]).tolist())
    except ValueError as error:
        raise ProtocolError(f"input {name!r} has no binary data of {datatype}: {error}") from error


def _texts(blob: bytes) -> Iterator[str]:
    start = 0
    while start < len(blob):
        begin = start + _LENGTH_BYTES
        stop = begin + int.from_bytes(blob[start:begin], "little")
        if stop > len(blob):
            raise ValueError("a length leads past the end")
        yield blob[begin:stop].decode()
        start = stop
