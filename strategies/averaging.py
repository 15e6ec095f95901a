"""A running average of the weights: what is served while the newest ones learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor


class RunningAverage:
    """The exponential moving average of the parameters after each step (Polyak & Juditsky 1992, with forgetting).

    At step t it keeps min(decay, (t - 1) / (t + 8)) of itself, so that the untrained weights it began with don't
    hold it back.
    """

    def __init__(self, parameters: Tensor, *, decay: float) -> None:
        self.parameters = parameters.clone()
        """``(parameters,) float32``."""
        self._decay = decay

    def follow(self, parameters: Tensor, *, step: int) -> None:
        """Take in the parameters after step number ``step``, from 1."""
        self.parameters.lerp_(parameters, 1.0 - min(self._decay, (step - 1) / (step + 8)))
