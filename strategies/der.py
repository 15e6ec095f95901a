"""Dark experience replay: rows of the past are remembered with what the model said of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from strategies.buffer import Buffered
from strategies.options.der import DerOptions, DerPlusPlusOptions
from strategies.training_batch import Rehearsal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.batch import Batch
    from strategies.learner import Learner
    from strategies.strategy import Setting
    from strategies.training_batch import TrainingBatch


class Der(Buffered):
    """DER (Buzzega et al. 2020, eq. 6): the loss gains α · mean (z - h)².

    z are the outputs that were stored with a remembered row when it was learned, h those of now; the mean is over
    rows and outputs, those of classes that are known by now: room for more must not thin out what is kept (see
    ``Buffered.distance``). Labels of remembered rows are not used. A number is stored in its own units, and
    compared in those of now.
    """

    Options: ClassVar[type[Any]] = DerOptions
    keeps_outputs = True

    def __init__(self, options: DerOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        self._alpha = options.alpha
        self._drawn: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    def rehearse(self, fresh: Batch) -> Sequence[Rehearsal]:
        """Draw rows of the past whose outputs are to stay."""
        if not len(self.memory):
            return ()
        self._drawn = self.draw()
        return (Rehearsal(self.memory.storage.examples(self._drawn), weight=0.0),)

    def distil(
        self, learner: Learner, outputs: Tensor, batch: TrainingBatch, *, own: slice, gradient: Tensor
    ) -> Tensor | None:
        """Return α · mean (z - h)² over the rows drawn for it."""
        if own.start == own.stop or not self._known:
            return None
        rows, units = slice(own.start, own.start + len(self._drawn)), learner.objective.units
        said = self.memory.storage.outputs(self._drawn)
        wanted = said.float() if units is None else units.outputs(said)
        error = self.distance(outputs[rows], wanted)
        gradient[rows, : self._known].add_(error, alpha=2 * self._alpha / error.numel())
        return error.square().mean().mul_(self._alpha)


class DerPlusPlus(Der):
    """DER++ (Buzzega et al. 2020, eq. 7): DER, and β · the mean loss on the labels of rows drawn anew."""

    Options: ClassVar[type[Any]] = DerPlusPlusOptions

    def __init__(self, options: DerPlusPlusOptions, *, setting: Setting) -> None:
        super().__init__(options, setting=setting)
        self._beta = options.beta

    def rehearse(self, fresh: Batch) -> Sequence[Rehearsal]:
        """Draw rows whose outputs are to stay, and independently rows whose labels are to be learned."""
        if not len(self.memory):
            return ()
        labelled = Rehearsal(self.memory.storage.examples(self.draw()), weight=self._beta)
        return (*super().rehearse(fresh), labelled)
