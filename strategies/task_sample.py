"""A sample of the running task's rows, to estimate on at its end what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.memory import Memory
from strategies.reservoir import Reservoir
from strategies.storage import RowStorage

if TYPE_CHECKING:
    import numpy as np

    from strategies.strategy import Setting


def task_sample(rows: int, *, setting: Setting, generator: np.random.Generator) -> Memory:
    """Return an empty reservoir of so many rows; who keeps it restarts it at every consolidation."""
    storage = RowStorage(rows, features=setting.features, classification=setting.classification)
    return Memory(storage, Reservoir(rows, generator=generator))
