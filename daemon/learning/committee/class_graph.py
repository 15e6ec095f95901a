"""What the committee would say of a row that comes next, as a graph: the answer is a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from daemon.learning.committee.key_memory import DECAYS, NONE
from daemon.learning.committee.probabilities import FLOOR

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.member import Member
    from daemon.learning.committee.views import ClassViews

IMPOSSIBLE = 1e-12
"""The probability of a class that nobody could know yet."""


class ClassGraph(nn.Module):
    """``ClassCommittee.answer_next`` in operations on tensors alone, with all that was learned by now in it.

    What is known of a row's key is given: how the row differs from the key's row before (0 where there is none),
    the key's last label (``NONE``), and all its labels fading (0).
    """

    def __init__(
        self,
        views: ClassViews,
        members: Sequence[Member],
        *,
        pools: NDArray[np.float64],
        weights: NDArray[np.float64],
        unknown: NDArray[np.bool_],
        classes: int,
    ) -> None:
        """``pools`` are ``(voices, pools)``, ``weights`` ``(experts,)``; of ``unknown (sayable,)`` nobody knew."""
        super().__init__()
        self._views = views
        self._members = members
        self._pools = torch.from_numpy(pools).float()
        self._weights = torch.from_numpy(weights).float()
        self._unknown = torch.from_numpy(unknown)
        self._classes = classes

    def nothing_known(self) -> dict[str, Tensor]:
        """Return what is given of a key that was never met, by name, ``(1, …)`` each."""
        width = self._views.code.shape[1]
        return {
            "difference": torch.zeros(1, self._views.features, dtype=torch.float64),
            "last_label": torch.full((1,), NONE),
            "faded_labels": torch.zeros(1, len(DECAYS), width),
        }

    def told(self) -> dict[str, Any]:
        """Return how what is known is told, as JSON values; after a label each fades by its decay."""
        return {"inputs": list(self.nothing_known()), "decays": list(DECAYS), "code": self._views.code.tolist()}

    def known_of(self, keys: NDArray[np.int64], x: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return the same of keys ``(rows,)`` before rows ``(rows, features)`` of theirs, by what is known now."""
        past = self._views.past_of_next(keys, x.astype("float64"))
        return {"difference": past.difference, "last_label": past.label, "faded_labels": past.faded}

    @property
    def keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``."""
        return self._views.known_keys

    def forward(
        self, scaled: Tensor, main: Tensor, difference: Tensor, last_label: Tensor, faded_labels: Tensor
    ) -> Tensor:
        """Return the probabilities of the classes that can be said ``(rows, sayable)``.

        ``scaled`` is as the main learner sees the rows, ``main`` what that says ``(rows, known classes)``.
        """
        views = self._views.of_past(scaled, label=last_label, faded=faded_labels, difference=difference)
        voices = [voice for member in self._members for voice in member.predict(views)]
        sayable = len(self._unknown)
        given = torch.stack([self._main(main), *voices])[:, :sayable]
        given = given.masked_fill(self._unknown[None, :, None], 0.0)
        given = self._floored(given / given.sum(1, keepdim=True).clamp(min=1e-30))
        logs = given.log()
        scores = self._pools.t() @ (logs - logs.mean(1, keepdim=True)).flatten(1)
        pooled = torch.softmax(scores.view(len(scores), sayable, -1), 1)
        mixed = self._weights @ torch.cat([given, self._floored(pooled)]).flatten(1)
        mixed = mixed.view(sayable, -1).t().masked_fill(self._unknown, IMPOSSIBLE)
        return mixed / mixed.sum(1, keepdim=True)

    def _main(self, main: Tensor) -> Tensor:
        """Return what the main learner says of all classes that there is room for ``(classes, rows)``.

        It says all alike where it knows none.
        """
        if not main.shape[1]:
            return torch.full((self._classes, 1), 1 / self._classes).expand(-1, main.shape[0])
        return nn.functional.pad(main, (0, self._classes - main.shape[1])).t()

    def _floored(self, probabilities: Tensor) -> Tensor:
        return probabilities * (1 - FLOOR) + FLOOR / len(self._unknown)
