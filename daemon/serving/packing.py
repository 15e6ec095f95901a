"""Writes objects as arrays and JSON; see ``packed``."""

from __future__ import annotations

from collections import OrderedDict
from enum import Enum
from math import isfinite
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import torch

from daemon.intake.packed_texts import packed
from daemon.serving.packed import ALIGNMENT, PACKAGES, UnpackableError, name_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

_JSON_INTEGER = 1 << 53
_ROWS: dict[type, str] = {
    list: "list",
    tuple: "tuple",
    set: "set",
    frozenset: "frozenset",
    dict: "dict",
    OrderedDict: "ordered",
}


class Packed(NamedTuple):
    """What to write: the JSON, and the arrays with the byte at which each begins."""

    head: bytes
    arrays: list[tuple[int, NDArray[Any]]]
    size: int
    """Bytes of all arrays, with the gaps between them."""

    def write_to(self, memory: memoryview) -> None:
        """Copy the arrays to where they begin in some memory."""
        for start, array in self.arrays:
            place = np.frombuffer(memory, dtype=np.uint8, count=array.nbytes, offset=start)
            place[:] = array.reshape(-1).view(np.uint8)


def pack(root: object, *, packages: frozenset[str] = PACKAGES) -> Packed:
    """Return an object with all that hangs on it, as it is now; nothing may change it until it is written.

    Raises ``UnpackableError`` where it cannot be taken apart.
    """
    writer = _Writer(packages)
    value = writer.value(root)
    return Packed(orjson.dumps({"nodes": writer.nodes, "root": value}), writer.arrays, writer.size)


class _Writer:
    def __init__(self, packages: frozenset[str]) -> None:
        self.nodes: list[Any] = []
        self.arrays: list[tuple[int, NDArray[Any]]] = []
        self.size = 0
        self._packages = packages
        self._number: dict[int, int] = {}
        self._alive: list[Any] = []
        """What was made on the way, so that no other thing gets its identity."""

    def value(self, thing: Any) -> Any:
        kind = type(thing)
        if thing is None or kind is bool:
            return thing
        if kind is str:
            return thing if thing.isascii() else self._text(thing)
        if kind is int:
            return thing if abs(thing) <= _JSON_INTEGER else ["integer", str(thing)]
        if kind is float:
            return thing if isfinite(thing) else ["float", str(thing)]
        number = self._number.get(id(thing))
        if number is None:
            number = self._number[id(thing)] = len(self.nodes)
            self.nodes.append(None)
            self._alive.append(thing)
            self.nodes[number] = self._node(thing, kind)
        return ["ref", number]

    @staticmethod
    def _text(text: str) -> Any:
        """Return a text, of which JSON cannot hold a lone half of a surrogate pair."""
        try:
            text.encode()
        except UnicodeEncodeError:
            return ["text", text.encode("utf-16-be", "surrogatepass").hex()]
        return text

    def _node(self, thing: Any, kind: type) -> Any:
        if kind in _ROWS:
            return self._container(thing, _ROWS[kind])
        if kind is bytes:
            return ["bytes", self._array(np.frombuffer(thing, dtype=np.uint8))]
        if isinstance(thing, np.ndarray) and kind is np.ndarray and thing.dtype != object:
            return ["array", thing.dtype.str, list(thing.shape), self._array(np.ascontiguousarray(thing))]
        if isinstance(thing, np.generic):
            return ["scalar", thing.dtype.str, self._array(np.asarray(thing))]
        if isinstance(thing, torch.Tensor):
            return self._tensor(thing)
        return self._named(thing, kind) or self._object(thing, kind)

    def _container(self, thing: Any, kind: str) -> Any:
        if kind in ("dict", "ordered"):
            return [kind, self._row(thing.keys()), self._row(thing.values())]
        return [kind, self._row(thing)]

    def _row(self, things: Iterable[Any]) -> Any:
        """Return many values; numbers and keys, of which there can be many, as arrays."""
        row = list(things)
        kinds = set(map(type, row))
        if kinds == {int} and all(-_JSON_INTEGER < each < _JSON_INTEGER for each in row):
            return ["integers", self._array(np.array(row, dtype=np.int64))]
        if kinds and kinds <= {bytes, type(None)} and bytes in kinds:
            texts = packed(row)
            return ["texts", self._array(texts["bytes"]), self._array(texts["lengths"])]
        return ["values", [self.value(each) for each in row]]

    def _tensor(self, tensor: torch.Tensor) -> Any:
        if tensor.layout is not torch.strided or tensor.is_quantized:
            raise UnpackableError(f"a tensor of layout {tensor.layout}")
        of = tensor.detach().cpu()
        storage = torch.empty(0, dtype=torch.uint8).set_(of.untyped_storage())
        place = ["parameter" if isinstance(tensor, torch.nn.Parameter) else "tensor", str(of.dtype)]
        return [*place, of.storage_offset(), list(of.shape), list(of.stride()), self._storage(storage)]

    def _storage(self, storage: torch.Tensor) -> Any:
        """Return the node of the memory below tensors, which several of them may share."""
        key = -1 - storage.data_ptr() if len(storage) else id(storage)
        if key not in self._number:
            self._number[key] = len(self.nodes)
            self.nodes.append(self._array(storage.numpy()))
            self._alive.append(storage)
        return self._number[key]

    def _named(self, thing: Any, kind: type) -> Any:
        if isinstance(thing, type | FunctionType | BuiltinFunctionType):
            return ["name", self._name(thing)]
        if isinstance(thing, MethodType):
            return ["method", self.value(thing.__self__), thing.__func__.__name__]
        if isinstance(thing, Enum):
            return ["member", self._name(kind), thing.name]
        if isinstance(thing, torch.dtype):
            return ["dtype", str(thing)]
        if isinstance(thing, np.dtype):
            return ["numpy_dtype", thing.str]
        return None

    def _object(self, thing: Any, kind: type) -> Any:
        name = self._name(kind)
        if isinstance(thing, tuple):
            return ["named_tuple", name, self._row(thing)]
        if isinstance(thing, dict | list | set | frozenset):
            raise UnpackableError(f"a {name}, which is more than the container that it is made of")
        state = thing.__getstate__()
        self._alive.append(state)
        return ["object", name, self.value(state)]

    def _name(self, thing: Any) -> str:
        name = name_of(thing)
        if str(thing.__module__).split(".")[0] not in self._packages or "<" in name:
            raise UnpackableError(f"{name} is of none of the packages that are expected")
        return name

    def _array(self, array: NDArray[Any]) -> list[int]:
        """Take up an array that is contiguous; return where it begins and how many bytes it has."""
        start = -(-self.size // ALIGNMENT) * ALIGNMENT
        self.arrays.append((start, array))
        self.size = start + array.nbytes
        return [start, array.nbytes]
