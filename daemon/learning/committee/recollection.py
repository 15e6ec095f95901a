"""Rows that the main learner remembers, asked for now and then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from strategies.buffer import Buffered
from strategies.generator import generator_state, restore_generator

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.any_learner import AnyLearner
    from strategies.memory import Memory
    from strategies.objective import Answer

_MOST = 32
"""Rows at once."""
_EVERY, _EVERY_OF_LARGE = 16, 64
"""One remembered row for so many events, at most; in blocks of more rows than are drawn at once, for so many."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Rows of the past, drawn uniformly from what is remembered."""

    scaled: Tensor
    """``(rows, features)``: as the main learner sees them now."""
    label: NDArray[Any]
    """``(rows,)``"""
    main: Answer
    """What the main learner says of them now."""
    known_classes: int

    def __len__(self) -> int:
        return len(self.label)


class Recollection:
    """Draws as many remembered rows as a block has, one block in 16; and no more than 32.

    Of large blocks as many are drawn, and less often. It has a generator of its own: what is learned is the same
    with it and without.
    """

    def __init__(self, generator: np.random.Generator) -> None:
        self._generator = generator
        self._since = 0

    def after(self, events: int, *, main: AnyLearner, known_classes: int) -> Remembered | None:
        """Return the rows that are due after so many events; None where none are, or nothing is remembered."""
        memory = _memory_of(main)
        rows, self._since = min(events, _MOST), self._since + events
        # Whoever chooses large micro-batches wants speed. While the stream is young, blocks are small.
        every = _EVERY if events <= _MOST else _EVERY_OF_LARGE
        if memory is None or not len(memory) or self._since < every * rows:
            return None
        self._since = 0
        drawn = memory.storage.examples(memory.draw(rows, generator=self._generator))
        scaled = main.scale(drawn.x)
        outputs = main.predict_scaled(scaled, drawn.task)
        return Remembered(
            scaled,
            label=drawn.y.numpy(),
            main=main.objective.answer(outputs, known=known_classes),
            known_classes=known_classes,
        )

    def state_dict(self) -> dict[str, Any]:
        """Return how many events were not followed by any, and the generator."""
        return {"since": self._since, "generator": generator_state(self._generator)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._since = state["since"]
        restore_generator(self._generator, state["generator"])


def _memory_of(learner: AnyLearner) -> Memory | None:
    """Return the rows of the first method that keeps any."""
    return next((method.memory for _, method in learner.strategies if isinstance(method, Buffered)), None)
