"""A copy of the model in memory that has no name, to be handed to another process."""

from __future__ import annotations

import mmap
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from daemon.serving.packing import Packed


def in_memory(packed: Packed) -> tuple[dict[str, object], int]:
    """Return the message that tells of a copy, and the descriptor of the memory that holds it."""
    size = packed.size + len(packed.head)
    memory = os.memfd_create("retaind-model")
    os.ftruncate(memory, size)
    with mmap.mmap(memory, size) as mapped, memoryview(mapped) as view:
        packed.write_to(view)
        view[packed.size :] = packed.head
    return {"kind": "model", "head": [packed.size, len(packed.head)]}, memory
