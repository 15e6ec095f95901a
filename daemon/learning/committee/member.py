"""What every member of the committee is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from daemon.learning.committee.any_member import AnyMember

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.views import Views


class Member(AnyMember, Protocol):
    """Predicts the rows of a block as it fills, and learns it when it is closed."""

    def predict(self, views: Views) -> list[Tensor]:
        """Return what each voice says of the block so far; changes nothing that is kept.

        Probabilities ``(classes, places) float32``; those of places that are not filled mean nothing. They are
        operations on tensors alone, so that they can be written down as a graph: see ``ClassGraph``.
        """

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Learn a block; ``label`` is ``(filled,)``, ``fresh`` are the numbers of the rows not held out."""
