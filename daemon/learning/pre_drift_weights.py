"""The weights as they were a little while ago."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.recast import Recast


class PreDriftWeights:
    """Keeps two parameter vectors, taken at least ``every_events`` apart.

    A drift detector needs some events of the new to notice it, and meanwhile the weights move. The older of the
    two is from at least ``every_events`` before now, and so from before most alarms' cause.
    """

    def __init__(self, parameters: Tensor, *, every_events: int = 500) -> None:
        self._every_events = every_events
        self._older = parameters.clone()
        self._newer = parameters.clone()
        self._taken_at = 0

    @property
    def weights(self) -> Tensor:
        """The older vector ``(parameters,) float32``."""
        return self._older

    def observe(self, parameters: Tensor, *, events: int) -> bool:
        """Keep the parameters ``(parameters,) float32`` if it is time; return whether it was."""
        if events - self._taken_at < self._every_events:
            return False
        self._older, self._newer = self._newer, self._older
        self._newer.copy_(parameters)
        self._taken_at = events
        return True

    def recast(self, recast: Recast) -> None:
        """Move both vectors with the scales."""
        recast.move(self._older)
        recast.move(self._newer)

    def state_dict(self) -> dict[str, Any]:
        """Return both vectors."""
        return {"older": self._older, "newer": self._newer, "taken_at": self._taken_at}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up both vectors."""
        self._older.copy_(torch.as_tensor(state["older"]))
        self._newer.copy_(torch.as_tensor(state["newer"]))
        self._taken_at = state["taken_at"]
