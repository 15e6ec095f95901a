"""Reads objects that were written as arrays and JSON; see ``packed``. Of their code only ``__setstate__`` runs."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import torch

from daemon.intake.packed_texts import unpacked
from daemon.serving.packed import PACKAGES, UnpackableError, found

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

_SEQUENCES: dict[str, type] = {"list": list, "tuple": tuple, "set": set, "frozenset": frozenset}
_MAPPINGS: dict[str, type] = {"dict": dict, "ordered": OrderedDict}


def unpack(head: bytes, memory: Any, *, packages: frozenset[str] = PACKAGES) -> Any:
    """Return the object; its arrays lie in ``memory``, a writable buffer, which lives as long as they do.

    Raises ``UnpackableError`` where a class is of another package than expected.
    """
    document = orjson.loads(head)
    return _Reader(document["nodes"], memory, packages).value(document["root"])


class _Reader:
    def __init__(self, nodes: list[Any], memory: Any, packages: frozenset[str]) -> None:
        self._nodes = nodes
        self._memory = memory
        self._packages = packages
        self._made: dict[int, Any] = {}
        self._makers: dict[str, Callable[..., Any]] = {
            "bytes": lambda place: self._bytes(place).tobytes(),
            "array": self._array,
            "scalar": lambda dtype, place: self._bytes(place).view(dtype)[0],
            "tensor": self._tensor,
            "parameter": lambda *of: torch.nn.Parameter(self._tensor(*of), requires_grad=False),
            "name": self._found,
            "method": lambda of, name: getattr(self.value(of), name),
            "member": lambda kind, name: self._found(kind)[name],
            "dtype": lambda name: getattr(torch, name.removeprefix("torch.")),
            "numpy_dtype": np.dtype,
            "named_tuple": lambda kind, row: tuple.__new__(self._found(kind), self._row(row)),
        }

    def value(self, written: Any) -> Any:
        if not isinstance(written, list):
            return written
        kind, of = written
        if kind == "integer":
            return int(of)
        if kind == "float":
            return float(of)
        if kind == "text":
            return bytes.fromhex(of).decode("utf-16-be", "surrogatepass")
        if of not in self._made:
            self._made[of] = self._make(of, *self._nodes[of])
        return self._made[of]

    def _make(self, number: int, kind: str, *parts: Any) -> Any:
        if kind == "object":
            return self._object(number, *parts)
        if kind in _MAPPINGS:
            mapping = self._made[number] = _MAPPINGS[kind]()
            mapping.update(zip(self._row(parts[0]), self._row(parts[1]), strict=True))
            return mapping
        if kind == "list":
            listed: list[Any] = self._made.setdefault(number, [])
            listed.extend(self._row(parts[0]))
            return listed
        if kind in _SEQUENCES:
            return _SEQUENCES[kind](self._row(parts[0]))
        return self._makers[kind](*parts)

    def _object(self, number: int, kind: str, written: Any) -> Any:
        cls = self._found(kind)
        if not isinstance(cls, type):
            raise UnpackableError(f"{kind} is no class")
        thing: Any = object.__new__(cls)
        self._made[number] = thing
        state = self.value(written)
        if hasattr(cls, "__setstate__"):
            thing.__setstate__(state)
            return thing
        of_dict, of_slots = state if isinstance(state, tuple) else (state, None)
        if of_dict:
            thing.__dict__.update(of_dict)
        for name, value in (of_slots or {}).items():
            object.__setattr__(thing, name, value)
        return thing

    def _row(self, written: Any) -> list[Any]:
        kind, *parts = written
        if kind == "integers":
            return list(self._bytes(parts[0]).view(np.int64).tolist())
        if kind == "texts":
            return unpacked({"bytes": self._bytes(parts[0]), "lengths": self._bytes(parts[1]).view(np.int64)})
        return [self.value(each) for each in parts[0]]

    def _array(self, dtype: str, shape: list[int], place: list[int]) -> NDArray[Any]:
        return self._bytes(place).view(dtype).reshape(shape)

    def _tensor(self, dtype: str, offset: int, shape: list[int], stride: list[int], number: int) -> torch.Tensor:
        storage = self._made.get(number)
        if storage is None:
            storage = self._made[number] = torch.from_numpy(self._bytes(self._nodes[number])).untyped_storage()
        empty = torch.empty(0, dtype=getattr(torch, dtype.removeprefix("torch.")))
        return empty.set_(storage, offset, tuple(shape), tuple(stride))

    def _bytes(self, place: list[int]) -> NDArray[np.uint8]:
        start, size = place
        return np.frombuffer(self._memory, dtype=np.uint8, count=size, offset=start) if size else _NOTHING

    def _found(self, name: str) -> Any:
        return found(name, packages=self._packages)


_NOTHING = np.zeros(0, dtype=np.uint8)
