"""The running scale of a companion that has seen what the main learner has seen, computed once for both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from daemon.learning.block import ClosedBlock
    from strategies.scaler import OnlineScaler


class SharedScale:
    """Spares a companion most of the work of scaling a block, where its scale was the main learner's before it.

    Then it is so after it too, and the rows are scaled alike, bit for bit. Where it was not, such as that of a
    companion that began later, the companion scales for itself. It has to take part in every block.
    """

    def __init__(self, main: OnlineScaler, own: OnlineScaler) -> None:
        self._main = main
        self._own = own
        self._before: Mapping[str, Any] | None = None
        """The main learner's, as of the end of the last block; None where this process has not seen that."""
        self._limited = 0

    def absorb(self, block: ClosedBlock) -> Tensor:
        """Take in the inputs ``(rows, features)`` of the block that was just closed; return them scaled."""
        scaled = block.scaled if self._is_the_same() else None
        self._before, limited = self._main.state_dict(), self._main.limited - self._limited
        self._limited = self._main.limited
        if scaled is None:
            return self._own.absorb(block.batch.x)
        self._own.load_state_dict(self._before)
        self._own.limited += limited
        return scaled

    def _is_the_same(self) -> bool:
        before, own = self._before, self._own.state_dict()
        return before is not None and all(np.array_equal(before[name], own[name]) for name in own)
