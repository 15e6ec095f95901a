"""What the committee would say of a row that comes next, as a graph: the answer is a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from daemon.learning.committee.fading_scale import WILD
from daemon.learning.committee.number_history import LAGS
from daemon.learning.committee.number_tensors import in_units

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.number_member import NumberMember
    from daemon.learning.committee.number_view_maker import NumberViewMaker


class NumberGraph(nn.Module):
    """``NumberCommittee.answer_next`` in operations on tensors alone, with all that was learned by now in it.

    What is known of a row's key is given: how the row differs from the key's row before (0 where there is none),
    and the key's last labels, the last one first; after the first it had, that one again; NaN where it has none.
    """

    def __init__(
        self,
        views: NumberViewMaker,
        members: Sequence[NumberMember],
        *,
        pools: NDArray[np.float64],
        weights: NDArray[np.float64],
    ) -> None:
        """``pools`` are ``(voices, pools)``, ``weights`` ``(experts,)``."""
        super().__init__()
        self._views = views
        self._members = members
        self._pools = torch.from_numpy(pools)
        self._weights = torch.from_numpy(weights)

    def nothing_known(self) -> dict[str, Tensor]:
        """Return what is given of a key that was never met, by name, ``(1, …)`` each."""
        return {
            "difference": torch.zeros(1, self._views.features, dtype=torch.float64),
            "last_labels": torch.full((1, LAGS), torch.nan, dtype=torch.float64),
        }

    def told(self) -> dict[str, Any]:
        """Return how what is known is told, as JSON values."""
        return {"inputs": list(self.nothing_known())}

    def known_of(self, keys: NDArray[np.int64], x: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return the same of keys ``(rows,)`` before rows ``(rows, features)`` of theirs, by what is known now."""
        past = self._views.past_of_next(keys, x.astype(np.float64))
        return {
            "difference": past.difference,
            "last_labels": np.where(past.known[:, None], past.labels, np.nan),
        }

    @property
    def keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``."""
        return self._views.known_keys

    def forward(self, scaled: Tensor, main: Tensor, difference: Tensor, last_labels: Tensor) -> Tensor:
        """Return numbers ``(rows,) float64`` of rows as the main learner sees them; that says ``main (rows,)``."""
        views = self._views.of_past(scaled, labels=last_labels, difference=difference)
        said = [main.double(), *self._voices(views)]
        distance = torch.stack(said, 1) - views.last.unsqueeze(1)
        offsets = in_units(distance, views.unit.unsqueeze(1), limit=WILD)
        pooled = (offsets @ self._pools).clamp(-WILD, WILD)
        return views.last + views.unit * (torch.cat([offsets, pooled], 1) @ self._weights)

    def _voices(self, views: Any) -> list[Tensor]:
        """Return what members say of views that are tensors: that is tensors, too."""
        return [value for member in self._members for value in member.predict(views)]  # type: ignore[misc]
