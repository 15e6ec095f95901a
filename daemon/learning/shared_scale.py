"""The running scale of a companion that has seen what the main learner has seen, computed once for both."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from strategies.scaler import OnlineScaler


class SharedScale:
    """Spares a companion most of the work of scaling a block, where its scale was the main learner's before it.

    Then it is so after it too, and the rows are scaled alike, bit for bit. Where it was not, such as that of a
    companion that began later, the companion scales for itself. It has to take part in every block.
    """

    def __init__(self, main: OnlineScaler, own: OnlineScaler) -> None:
        self._main = main
        self._own = own
        self._in_step = False
        """Whether both are known to be the same, as of the end of the last block."""
        self._limited = 0

    def absorb(self, x: Tensor, *, scaled: Tensor) -> Tensor:
        """Take in the inputs ``(rows, features)`` that the main learner's has just scaled; return them scaled."""
        limited, self._limited = self._main.limited - self._limited, self._main.limited
        if self._in_step:
            self._own.take_up(self._main)
            self._own.limited += limited
            return scaled
        own = self._own.absorb(x)
        self._in_step = self._own.is_like(self._main)
        return own

    def part(self) -> None:
        """Take note that the main scale may have seen rows that the other never will."""
        self._in_step = False

    def followed(self) -> None:
        """Take note that both scales have followed the stream, each as its learner can."""
        self._in_step = self._in_step and self._own.scales_like(self._main)
