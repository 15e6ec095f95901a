"""Named tensors and arrays as a safetensors file."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import safetensors
import torch

from daemon.state.durable import StoredFile, measure, read_file, write_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from daemon.state.state_tree import Leaf

_CODES: dict[torch.dtype | np.dtype[Any], str] = {
    np.dtype(kind): code
    for kind, code in {
        "bool": "BOOL", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64", "int8": "I8",
        "int16": "I16", "int32": "I32", "int64": "I64", "float16": "F16", "float32": "F32", "float64": "F64",
        "complex64": "C64",
    }.items()
}  # fmt: skip
_NUMPY_DTYPES = {code: dtype for dtype, code in _CODES.items() if isinstance(dtype, np.dtype)}
_CODES |= {getattr(torch, str(dtype)): code for code, dtype in _NUMPY_DTYPES.items()}
_CODES[torch.bfloat16] = "BF16"


def write_tensors(
    path: Path, leaves: Mapping[str, Leaf], *, metadata: Mapping[str, str] | None = None
) -> StoredFile:
    """Write a new safetensors file, durably, and return its size and checksum; ``metadata`` goes into its header.

    The library's own writer holds the interpreter's lock, reports a full disk as text and leaves the checksum to a
    second pass; the format is a length, a JSON header and the bytes (https://github.com/huggingface/safetensors).
    Raises ``TypeError`` for a dtype that the format does not have.
    """
    # The widest come first, so that each is aligned for those who map the file.
    ordered = sorted(leaves.items(), key=lambda item: -item[1].dtype.itemsize)
    header: dict[str, Any] = {"__metadata__": dict(metadata)} if metadata else {}
    start = 0
    for name, leaf in ordered:
        end = start + leaf.dtype.itemsize * math.prod(leaf.shape)
        header[name] = {"dtype": _code(name, leaf), "shape": list(leaf.shape), "data_offsets": [start, end]}
        start = end
    return write_file(path, _chunks(header, ordered))


def read_tensors(path: Path, part: StoredFile) -> dict[str, Leaf]:
    """Return the leaves of a file that must be ``part``: arrays, and tensors where numpy lacks the dtype.

    Raises ``ValueError`` where the file is another one, or not a safetensors file.
    """
    content = read_file(path, max_bytes=part.bytes)
    part.check(measure(content))
    try:
        entries = safetensors.deserialize(content)  # type: ignore[no-untyped-call]  # its stub has no types
    except safetensors.SafetensorError as error:
        raise ValueError(f"is not a safetensors file ({error})") from error
    return {name: _leaf(entry) for name, entry in entries}


def _code(name: str, leaf: Leaf) -> str:
    try:
        return _CODES[leaf.dtype]
    except KeyError:
        raise TypeError(f"the state at {name} has dtype {leaf.dtype}, which safetensors does not have") from None


def _chunks(header: dict[str, Any], ordered: list[tuple[str, Leaf]]) -> Iterator[bytes | memoryview]:
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    yield len(text).to_bytes(8, "little") + text
    for _, leaf in ordered:
        yield _bytes_of(leaf)


def _bytes_of(leaf: Leaf) -> memoryview:
    if isinstance(leaf, torch.Tensor):
        known = leaf.view(torch.int16) if leaf.dtype is torch.bfloat16 else leaf
        leaf = known.detach().cpu().numpy()
    return np.ascontiguousarray(leaf).reshape(-1).view(np.uint8).data


def _leaf(entry: Mapping[str, Any]) -> Leaf:
    data, shape, code = entry["data"], entry["shape"], entry["dtype"]
    if code == "BF16":
        dtype = torch.bfloat16  # torch.frombuffer refuses an empty buffer
        return torch.frombuffer(data, dtype=dtype).reshape(shape) if data else torch.empty(shape, dtype=dtype)
    if code not in _NUMPY_DTYPES:
        raise ValueError(f"holds a tensor of dtype {code}, which no state has")
    return np.frombuffer(data, dtype=_NUMPY_DTYPES[code]).reshape(shape)
