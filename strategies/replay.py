"""Experience replay: each step rehearses some rows of a bounded sample of the whole past."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import torch

from strategies.buffer import Buffered
from strategies.options.replay import ReplayOptions
from strategies.training_batch import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from strategies.batch import Batch


class Replay(Buffered):
    """Experience replay (Robins 1995; ER of Chaudhry et al. 2019) from a reservoir or a balanced buffer.

    Each micro-batch is learned together with rows drawn uniformly, with replacement, from the buffer as it was
    before; then the fresh rows are offered to the buffer. With ``asymmetric``, the cross-entropy of fresh rows is
    over the classes in their micro-batch, that of the rehearsed over all (ER-ACE, Caccia et al. 2022, eq. 6).
    """

    Options: ClassVar[type[ReplayOptions]] = ReplayOptions
    options: ReplayOptions

    def rehearse(self, fresh: Batch) -> Sequence[Rehearsal]:
        """Draw rows of the past, uniformly with replacement."""
        if not len(self.memory):
            return ()
        return (Rehearsal(self.memory.storage.examples(self.draw()), weight=self.options.weight),)

    def hide(self, fresh: Batch) -> Tensor | None:
        """Hide the classes that are absent from the fresh rows, where that is wanted and a memory exists."""
        if not self.options.asymmetric or not self.setting.classification or not len(self.memory):
            return None
        hidden = torch.ones(self.setting.outputs, dtype=torch.bool)
        hidden[fresh.y] = False
        return hidden
