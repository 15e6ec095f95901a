"""Texts as arrays, for a state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def packed(texts: Sequence[bytes | None]) -> dict[str, Any]:
    """Return texts one after another, and the length of each, -1 for None.

    >>> unpacked(packed([b"ab", None, b""]))
    [b'ab', None, b'']
    """
    lengths = [-1 if text is None else len(text) for text in texts]
    joined = np.frombuffer(b"".join(text or b"" for text in texts), dtype=np.uint8).copy()
    return {"bytes": joined, "lengths": np.array(lengths, dtype=np.int64)}


def unpacked(state: Mapping[str, Any]) -> list[bytes | None]:
    """Return the texts that ``packed`` made arrays of."""
    text, lengths = np.asarray(state["bytes"]).tobytes(), np.asarray(state["lengths"])
    ends = np.cumsum(np.maximum(lengths, 0)).tolist()
    return [None if size < 0 else text[end - size : end] for size, end in zip(lengths.tolist(), ends, strict=True)]
