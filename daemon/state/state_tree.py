"""A nested state as named tensors and one JSON document, and back, exactly."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import quote

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch
    from numpy.typing import NDArray
    from typing_extensions import TypeIs

    Leaf: TypeAlias = torch.Tensor | NDArray[Any]

_PLAIN = frozenset({type(None), bool, int, str})
_FLOAT = frozenset({float})
_TENSOR, _ARRAY, _NUMBER = "$tensor", "$array", "$float"
_NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}


@dataclass(frozen=True, slots=True)
class FlatState:
    """A state with its tensors and arrays taken out.

    ``leaves`` are those, by a dotted name such as ``learner.parameters``. ``document`` is the rest, fit for strict
    JSON: a marker stands for each leaf and for each NaN or infinity, and its lists and dicts are its own.
    """

    leaves: dict[str, Leaf]
    document: dict[str, Any]

    def copy(self, *, reuse: FlatState | None = None) -> FlatState:
        """Return this with its leaves copied, into the memory of those in ``reuse`` that have the same form.

        Fresh memory costs a page fault per 4 kB, which is most of the time of a copy.
        """
        spare = reuse.leaves if reuse else {}
        leaves = {name: _copy_leaf(leaf, spare.get(name)) for name, leaf in self.leaves.items()}
        return FlatState(leaves=leaves, document=self.document)


def flatten(state: Mapping[str, Any]) -> FlatState:
    """Take the tensors and arrays out of a nested state; they are referred to, not copied.

    ``state`` is made of dicts with str keys and of lists; its leaves are torch tensors, numpy arrays, str, int,
    float, bool and None. Raises ``TypeError`` for anything else, such as a tuple or a numpy scalar, because it
    would come back as something else.

    >>> flat = flatten({"scaler": {"mean": np.zeros(2), "rows": 7, "best": -math.inf}})
    >>> flat.document
    {'scaler': {'mean': {'$array': 'scaler.mean'}, 'rows': 7, 'best': {'$float': '-inf'}}}
    >>> list(flat.leaves)
    ['scaler.mean']
    """
    leaves: dict[str, Leaf] = {}
    return FlatState(leaves=leaves, document=_encode_dict(dict(state), "", leaves))


def unflatten(flat: FlatState) -> dict[str, Any]:
    """Put the leaves back where they were. Raises ``ValueError`` where the document is not one of ``flatten``."""
    state = _decode(flat.document, flat.leaves)
    if not isinstance(state, dict):
        raise ValueError("the document of a state is not an object")  # noqa: TRY004 - it is data, not a caller
    return state


def copy_tree(state: Mapping[str, Any]) -> dict[str, Any]:
    """Return a deep copy of a nested state, as ``flatten`` knows it: on the CPU, contiguous, without gradients."""
    return unflatten(flatten(state).copy())


def _encode(value: Any, name: str, leaves: dict[str, Leaf]) -> Any:
    if type(value) in _PLAIN:
        return value
    if type(value) is float:
        return value if math.isfinite(value) else {_NUMBER: str(value)}
    if isinstance(value, dict):
        return _encode_dict(value, name, leaves)
    if type(value) is list:
        return _encode_list(value, name, leaves)
    if _is_tensor(value):
        leaves[name] = value
        return {_TENSOR: name}
    if type(value) is np.ndarray:
        leaves[name] = value
        return {_ARRAY: name}
    raise TypeError(
        f"the state at {name} is a {type(value).__module__}.{type(value).__qualname__}; expected a torch tensor, "
        "a numpy array, dict, list, str, int, float, bool or None: convert it explicitly"
    )


def _encode_dict(value: dict[Any, Any], name: str, leaves: dict[str, Leaf]) -> dict[str, Any]:
    document = {}
    for key, item in value.items():
        if type(key) is not str:
            raise TypeError(f"the state at {name or 'its root'} has the key {key!r}; expected a str")
        # A key that could be taken for a marker gets one more dollar.
        document["$" + key if key.startswith("$") else key] = _encode(item, _join(name, key), leaves)
    return document


def _encode_list(value: list[Any], name: str, leaves: dict[str, Leaf]) -> list[Any]:
    kinds = set(map(type, value))
    if kinds <= _PLAIN or (kinds <= _FLOAT and all(map(math.isfinite, value))):
        return value.copy()
    return [_encode(item, _join(name, str(index)), leaves) for index, item in enumerate(value)]


def _join(name: str, key: str) -> str:
    """Return a name that no other path has: dots and unprintable characters of a key are percent-encoded."""
    part = quote(key, safe=" !$&'()*+,/:;<=>?@[]^{|}", errors="surrogatepass").replace(".", "%2E")
    if part == "__metadata__" and not name:  # safetensors keeps this name for itself
        part = "%5F_metadata__"
    return f"{name}.{part}" if name else part or "%"


def _decode(value: Any, leaves: Mapping[str, Leaf]) -> Any:
    if isinstance(value, dict):
        return _decode_dict(value, leaves)
    if isinstance(value, list):
        if set(map(type, value)) <= _PLAIN | _FLOAT:
            return value.copy()
        return [_decode(item, leaves) for item in value]
    return value


def _decode_dict(document: dict[str, Any], leaves: Mapping[str, Leaf]) -> Any:
    state = {}
    for key, item in document.items():
        if key.startswith("$$"):
            state[key[1:]] = _decode(item, leaves)
        elif key.startswith("$"):
            return _decode_marker(document, leaves)
        else:
            state[key] = _decode(item, leaves)
    return state


def _decode_marker(document: dict[str, Any], leaves: Mapping[str, Leaf]) -> Any:
    match list(document.items()):
        case [(kind, str(name))] if kind == _NUMBER and name in _NOT_FINITE:
            return _NOT_FINITE[name]
        case [(kind, str(name))] if kind == _TENSOR and name in leaves:
            leaf = leaves[name]
            return leaf if _is_tensor(leaf) else _to_tensor(leaf)
        case [(kind, str(name))] if kind == _ARRAY and name in leaves:
            leaf = leaves[name]
            return leaf.numpy() if _is_tensor(leaf) else leaf
    raise ValueError(f"the state document refers to something that is not there: {str(document)[:100]}")


def _is_tensor(value: Any) -> TypeIs[torch.Tensor]:
    torch = sys.modules.get("torch")  # without which there is none; to read what is not a model needs no torch
    return torch is not None and isinstance(value, torch.Tensor)


def _to_tensor(array: NDArray[Any]) -> torch.Tensor:
    import torch  # noqa: PLC0415 - see above

    return torch.from_numpy(array)


def _copy_leaf(leaf: Leaf, spare: Leaf | None) -> Leaf:
    if _is_tensor(leaf):
        return _copy_tensor(leaf.detach(), spare)
    if isinstance(spare, np.ndarray) and spare.shape == leaf.shape and spare.dtype == leaf.dtype:
        np.copyto(spare, leaf)
        return spare
    return np.array(leaf, order="C", copy=True)


def _copy_tensor(leaf: torch.Tensor, spare: Leaf | None) -> torch.Tensor:
    import torch  # noqa: PLC0415 - see above

    if _is_tensor(spare) and spare.shape == leaf.shape and spare.dtype == leaf.dtype:
        return spare.copy_(leaf)
    return leaf.clone(memory_format=torch.contiguous_format).cpu()
