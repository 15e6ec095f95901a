"""Data mixing: with what is new, some rows of what the model was good at before the stream are learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from strategies.generator import generator_state, restore_generator
from strategies.options.mixing import MixingOptions
from strategies.strategy import Setting, Strategy
from strategies.training_batch import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from strategies.batch import Batch


class Mixing(Strategy):
    """Learns rows from before the stream in every step, drawn uniformly with replacement; each counts as a new one.

    With n new rows and a share s, n s / (1 - s) are drawn; where that is no whole number, chance rounds it up or
    down with the right mean, so that the share holds for micro-batches of any size, of a single row too. The rows
    themselves are the setting's: they never change, and other learners may draw from them as well.
    """

    Options: ClassVar[type[MixingOptions]] = MixingOptions

    def __init__(self, options: MixingOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        if setting.reference is None or not setting.reference.capacity:
            raise ValueError("mixing has no rows to draw from: reference keeps none that are not scored")
        self._rows = setting.reference
        self._per_fresh = options.share / (1 - options.share)
        self._generator = setting.generator

    def rehearse(self, fresh: Batch) -> Sequence[Rehearsal]:
        """Draw rows from before."""
        count = int(len(fresh) * self._per_fresh + self._generator.random())
        if not count:
            return ()
        slots = (self._generator.random(count) * self._rows.capacity).astype(np.int64)
        return (Rehearsal(self._rows.examples(slots)),)

    def gauges(self) -> Mapping[str, float]:
        """Return how many rows there are to draw from, and their bytes."""
        return {"reference_rows": self._rows.capacity, "reference_bytes": self._rows.nbytes}

    def state_dict(self) -> dict[str, Any]:
        """Return the generator's state; the rows are kept with the reference."""
        return {"generator": generator_state(self._generator)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        restore_generator(self._generator, state["generator"])
