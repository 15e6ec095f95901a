"""What is in a checkpoint, as a tree of names for a person."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import safetensors
from rich.text import Text
from rich.tree import Tree

from connectors.printable import printable
from daemon.state.state_error import DamagedError, state_io

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

_MAX_ITEMS = 50
_MAX_CHARACTERS = 60
_BITS = {"BOOL": 8, "U8": 8, "I8": 8, "F16": 16, "BF16": 16, "U16": 16, "I16": 16, "F32": 32, "U32": 32, "I32": 32}
_WIDEST_BITS = 64


@dataclass(frozen=True, slots=True)
class Form:
    """What a tensor is, without its values."""

    dtype: str
    shape: tuple[int, ...]

    def __str__(self) -> str:
        size = math.prod(self.shape) * _BITS.get(self.dtype, _WIDEST_BITS) // 8
        return f"{self.dtype} ({', '.join(map(str, self.shape))}) {size:,} bytes"


def tensor_forms(path: Path) -> dict[str, Form]:
    """Return what a safetensors file holds, from its header alone."""
    try:
        with state_io(path, "read"), safetensors.safe_open(path, framework="numpy") as file:
            slices = {name: file.get_slice(name) for name in file.keys()}  # noqa: SIM118 - it is not a dict
            return {name: Form(item.get_dtype(), tuple(item.get_shape())) for name, item in slices.items()}
    except safetensors.SafetensorError as error:
        raise DamagedError(f"{path} is not a safetensors file ({error})") from error


def outline(document: Mapping[str, Any], forms: Mapping[str, Form], *, title: str) -> Tree:
    """Return the tree of a state's document (see ``state_tree``), with the form of each tensor."""
    tree = Tree(Text(title))
    _grow(tree, document.items(), forms)
    return tree


def _grow(tree: Tree, items: Iterable[tuple[str, Any]], forms: Mapping[str, Form]) -> None:
    shown = list(items)
    for key, value in shown[:_MAX_ITEMS]:
        leaf = _leaf(value, forms)
        branch = tree.add(Text(printable(key if leaf is None else f"{key}: {leaf}")))
        if leaf is None:
            _grow(branch, _children(value), forms)
    if len(shown) > _MAX_ITEMS:
        tree.add(Text(f"and {len(shown) - _MAX_ITEMS:,} more"))


def _children(value: dict[str, Any] | list[Any]) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return value.items()
    return ((str(index), item) for index, item in enumerate(value))


def _leaf(value: Any, forms: Mapping[str, Form]) -> str | None:
    """Return the text of a leaf, None for what has branches."""
    match value:
        case {"$tensor": str(name)} | {"$array": str(name)}:
            return str(forms[name]) if name in forms else "missing"
        case {"$float": str(number)}:
            return number
        case dict() | list() if not value:
            return "empty"
        case list() if not any(isinstance(item, dict | list) for item in value):
            return f"list of {len(value):,}: {_shortened(value)}"
        case dict() | list():
            return None
    return _shortened(value)


def _shortened(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}..."
