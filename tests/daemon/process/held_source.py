"""A source that holds the loop for as long as a test wishes."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import Field

from connectors.synthetic.options import PlantOptions
from connectors.synthetic.plant import PlantSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.record import Record


class HeldOptions(PlantOptions):
    """A simulated plant, and the file by whose lock it is held."""

    type: str  # type: ignore[assignment] # a class of one's own is named by its path
    gate: str = Field(description="While somebody holds an exclusive lock on this file, poll does not return.")


class HeldSource(PlantSource):
    """Polls only where it gets a shared lock on its gate."""

    Options = HeldOptions

    def __init__(self, options: HeldOptions) -> None:
        super().__init__(options)
        self._gate = Path(options.gate)

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[Record]:
        with self._gate.open() as gate:
            fcntl.flock(gate, fcntl.LOCK_SH)
        return super().poll(max_records, timeout_seconds)
