"""What every member of the committee is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from daemon.learning.committee.views import Views

    Said = NDArray[np.float64]
    """``(places, classes)``: probabilities; those of places that are not filled mean nothing."""


class Member(Protocol):
    """Predicts the rows of a block as it fills, and learns it when it is closed; may have several voices."""

    @property
    def names(self) -> tuple[str, ...]:
        """A name for each voice."""

    def predict(self, views: Views) -> list[Said]:
        """Return what each voice says of the block so far. Changes nothing that is kept."""

    def learn(self, views: Views, label: NDArray[np.int64], *, fresh: NDArray[np.int64]) -> None:
        """Learn a block; ``label`` is ``(filled,)``, ``fresh`` are the numbers of the rows not held out."""

    def state_dict(self) -> dict[str, Any]:
        """Return everything that must survive a crash."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of another configuration."""
