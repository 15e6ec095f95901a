"""What the model is trained for: the loss on its outputs, and what the outputs mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn import functional as F

from strategies.scaler import OnlineScaler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor


@dataclass(frozen=True, slots=True)
class Answer:
    """What the outputs say, in the label's own terms."""

    value: Tensor
    """``(rows,) int64`` class index, or ``(rows,) float32`` in the target's units."""
    confidence: Tensor | None
    """``(rows,) float32`` probability of that class; None in regression."""


class Objective(Protocol):
    """A loss with its analytic gradient on the outputs ``(rows, outputs) float32``."""

    @property
    def outputs(self) -> int:
        """Width of the model's output."""

    @property
    def classification(self) -> bool:
        """Whether labels are class indices."""

    def loss(self, outputs: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mean loss (a scalar) and its gradient ``(rows, outputs)`` on ``outputs``."""

    def answer(self, outputs: Tensor, known: int | None = None) -> Answer:
        """Return what the outputs say; ``known`` restricts it to the first so many classes."""

    def absorb(self, y: Tensor) -> None:
        """Learn the labels' scale from fresh rows, before they are learned."""

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned of the labels."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""


class Classification:
    """Softmax cross-entropy over all outputs of one head."""

    classification = True

    def __init__(self, classes: int) -> None:
        self.outputs = classes

    def loss(self, outputs: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean cross-entropy; its gradient is (softmax - one-hot) / rows."""
        log_probability = torch.log_softmax(outputs, 1)
        loss = F.nll_loss(log_probability, y)
        gradient = log_probability.exp_().scatter_(1, y.unsqueeze(1), -1.0, reduce="add")
        return loss, gradient.div_(len(y))

    def answer(self, outputs: Tensor, known: int | None = None) -> Answer:
        """Return the likeliest of the first ``known`` classes, and its probability among them."""
        confidence, value = torch.softmax(outputs[:, :known], 1).max(1)
        return Answer(value=value, confidence=confidence)

    def absorb(self, y: Tensor) -> None:
        """Classes have no scale."""

    def state_dict(self) -> dict[str, Any]:
        """Return nothing: there is no state."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up nothing."""


class Regression:
    """Half the squared error of one standardised target, the negative log-likelihood of a unit Gaussian."""

    classification = False
    outputs = 1

    def __init__(self, *, standardise: bool) -> None:
        self._scaler = OnlineScaler(1) if standardise else None

    def loss(self, outputs: Tensor, y: Tensor) -> tuple[Tensor, Tensor]:
        """Mean of ½ (f(x) - y)², both in standardised units; its gradient is (f(x) - y) / rows."""
        target = y.unsqueeze(1)
        if self._scaler is not None:
            target = self._scaler.scale(target)
        error = outputs - target
        return F.mse_loss(outputs, target).mul_(0.5), error.div_(len(y))

    def answer(self, outputs: Tensor, known: int | None = None) -> Answer:
        """Return the outputs in the target's own units."""
        value = outputs if self._scaler is None else self._scaler.unscale(outputs)
        return Answer(value=value.squeeze(1), confidence=None)

    def absorb(self, y: Tensor) -> None:
        """Add targets ``(rows,) float32`` to the running mean and deviation."""
        if self._scaler is not None:
            self._scaler.absorb(y.unsqueeze(1))

    def state_dict(self) -> dict[str, Any]:
        """Return the target's running statistics."""
        return {} if self._scaler is None else {"scaler": self._scaler.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the target's running statistics."""
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])
