"""What every member of the committee for numbers is; and the two that take no learning at all."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from daemon.learning.committee.any_member import AnyMember

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from daemon.learning.committee.number_views import NumberViews

    Value = NDArray[np.float64]
    """``(places,)`` in the target's units; what is said of places that are not filled means nothing."""


class NumberMember(AnyMember, Protocol):
    """Predicts the rows of a block as it fills, and learns it when it is closed."""

    def predict(self, views: NumberViews) -> list[Value]:
        """Return what each voice says of the block so far. Changes nothing that is kept."""

    def learn(self, views: NumberViews, *, fresh: NDArray[np.int64]) -> None:
        """Learn a block; ``fresh`` are the numbers of the rows not held out, with labels to be believed."""


class LastAndMean:
    """The key's last label again, and the mean of all labels."""

    names = ("last_value", "mean")

    def predict(self, views: NumberViews) -> list[Value]:
        """Return both."""
        return [views.last, views.means]

    def learn(self, views: NumberViews, *, fresh: NDArray[np.int64]) -> None:
        """Learn nothing: the views know both."""

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: there is no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up nothing."""
