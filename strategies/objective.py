"""What the model is trained for: the loss on its outputs, and what the outputs mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.nn import functional as F

from strategies.scaler import HALF_LIFE, OnlineScaler

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

    from strategies.class_weights import ClassWeights
    from strategies.scaler import ScaleChange

NO_CLASS = -1
"""The answer where no class is known yet."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the outputs say, in the label's own terms."""

    value: Tensor
    """``(rows,) int64`` class index, or ``(rows,) float32`` in the target's units.

    Where nothing can be said, because no label was seen: ``NO_CLASS``, or NaN.
    """
    logits: Tensor | None = None
    """``(rows, classes) float32`` that the class was chosen by; None in regression."""

    @property
    def confidence(self) -> Tensor | None:
        """``(rows,) float32`` probability of the class among those it was chosen from; None in regression.

        NaN where there is no answer. Of a single class it is 1, which says nothing.
        """
        if self.logits is None:
            return None
        if not self.logits.shape[1]:
            return torch.full(self.value.shape, torch.nan)
        return torch.softmax(self.logits, 1).amax(1).masked_fill_(self.value == NO_CLASS, torch.nan)


@dataclass(frozen=True, slots=True)
class Units:
    """What an output is in the label's own units: ``zero + one * output``."""

    zero: float
    one: float

    def of(self, outputs: Tensor) -> Tensor:
        """Return outputs in the label's own units, in float64."""
        return outputs.double().mul_(self.one).add_(self.zero)

    def outputs(self, values: Tensor) -> Tensor:
        """Return the outputs ``float32`` that stand for values in the label's own units."""
        return values.double().sub(self.zero).div_(self.one).float()

    def after(self, *, factor: float, offset: float) -> Units:
        """Return what the outputs of now mean, where those of before are ``factor * output + offset``."""
        return Units(self.zero + self.one * offset, one=self.one * factor)


class Objective(Protocol):
    """A loss with its analytic gradient on the outputs ``(rows, outputs) float32``."""

    @property
    def outputs(self) -> int:
        """Width of the model's output."""

    @property
    def classification(self) -> bool:
        """Whether labels are class indices."""

    def loss(self, outputs: Tensor, y: Tensor, *, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Return the mean loss (a scalar) and its gradient ``(rows, outputs)`` on ``outputs``.

        With ``weight`` ``(rows,) float32`` it is the weighted sum of the rows' losses instead.
        """

    @property
    def units(self) -> Units | None:
        """What outputs mean now, where that changes as labels come; None where they mean the same for ever.

        Who remembers outputs remembers them in the label's own units: what an output means, moves.
        """

    def emphasis(self, y: Tensor) -> Tensor | None:
        """Return how much each row ``(rows,) float32`` counts in a step; None where all count alike.

        That is no part of ``loss``, which says how likely a label is.
        """

    def targets(self, y: Tensor) -> Tensor:
        """Return what the outputs ``(rows, outputs) float32`` would best be, for least squares."""

    def answer(self, outputs: Tensor, known: int | None = None) -> Answer:
        """Return what the outputs say; ``known`` restricts it to the first so many classes."""

    def absorb(self, y: Tensor) -> None:
        """Learn the labels' scale from fresh rows, before they are learned."""

    def follow(self, *, carries: bool) -> ScaleChange | None:
        """Move the labels' scale to where they are now, if it is time; see ``OnlineScaler.follow``."""

    def forget_values(self) -> None:
        """Keep sums alone, and no single label."""

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned of the labels."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""


class Classification:
    """Softmax cross-entropy over all outputs of one head."""

    classification = True
    units: Units | None = None

    def __init__(self, classes: int, *, weights: ClassWeights | None = None) -> None:
        self.outputs = classes
        self._weights = weights

    def loss(self, outputs: Tensor, y: Tensor, *, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """Cross-entropy; a row's gradient is softmax - one-hot."""
        log_probability = torch.log_softmax(outputs, 1)
        losses = F.nll_loss(log_probability, y, reduction="mean" if weight is None else "none")
        gradient = log_probability.exp_().scatter_(1, y.unsqueeze(1), -1.0, reduce="add")
        if weight is None:
            return losses, gradient.div_(len(y))
        return losses.dot(weight), gradient.mul_(weight.unsqueeze(1))

    def emphasis(self, y: Tensor) -> Tensor | None:
        """Return the weights of the rows' classes, where classes have any."""
        return None if self._weights is None else self._weights.of(y)

    def targets(self, y: Tensor) -> Tensor:
        """Return one-hot rows."""
        return F.one_hot(y, self.outputs).float()

    def answer(self, outputs: Tensor, known: int | None = None) -> Answer:
        """Return the likeliest of the first ``known`` classes, and its probability among them."""
        logits = outputs[:, :known]
        if not logits.shape[1]:
            return Answer(value=torch.full((len(outputs),), NO_CLASS), logits=logits)
        return Answer(value=logits.argmax(1), logits=logits)

    def absorb(self, y: Tensor) -> None:
        """Classes have no scale; how often each comes is counted where it matters."""
        if self._weights is not None:
            self._weights.absorb(y)

    def follow(self, *, carries: bool) -> ScaleChange | None:
        """Classes have no scale."""
        del carries
        return None

    def forget_values(self) -> None:
        """Nothing: classes are counted."""

    def state_dict(self) -> dict[str, Any]:
        """Return how often each class has come, where that is counted."""
        return {} if self._weights is None else {"class_weights": self._weights.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up these counts."""
        if self._weights is not None:
            self._weights.load_state_dict(state["class_weights"])


class Regression:
    """Half the squared error of one standardised target, the negative log-likelihood of a unit Gaussian."""

    classification = False
    outputs = 1

    def __init__(
        self, *, standardise: bool, limit: float | None = None, half_life: float | None = HALF_LIFE
    ) -> None:
        self._scaler = OnlineScaler(1, limit=limit, half_life=half_life, replaced=False) if standardise else None

    @property
    def units(self) -> Units | None:
        """The target's running mean and deviation; None where it is not standardised."""
        if self._scaler is None:
            return None
        zero, one = self._scaler.unscale(torch.tensor([[0.0], [1.0]], dtype=torch.float64)).flatten().tolist()
        return Units(zero, one=one - zero)

    def loss(self, outputs: Tensor, y: Tensor, *, weight: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """½ (f(x) - y)², both in standardised units; a row's gradient is f(x) - y."""
        target = self.targets(y)
        error = outputs - target
        if weight is None:
            return F.mse_loss(outputs, target).mul_(0.5), error.div_(len(y))
        return error.square().squeeze(1).dot(weight).mul_(0.5), error.mul_(weight.unsqueeze(1))

    def emphasis(self, y: Tensor) -> Tensor | None:
        """Numbers count alike."""
        del y
        return None

    def targets(self, y: Tensor) -> Tensor:
        """Return the targets in standardised units."""
        target = y.unsqueeze(1)
        return target if self._scaler is None else self._scaler.scale(target)

    def answer(self, outputs: Tensor, known: int | None = None) -> Answer:
        """Return the outputs in the target's own units; none before a label has shown where it lies."""
        if self._scaler is None:
            return Answer(value=outputs.squeeze(1))
        if not self._scaler.count:
            return Answer(value=torch.full((len(outputs),), torch.nan))
        return Answer(value=self._scaler.unscale(outputs).squeeze(1))

    def absorb(self, y: Tensor) -> None:
        """Add targets ``(rows,) float32`` to the running mean and deviation."""
        if self._scaler is not None:
            self._scaler.absorb(y.unsqueeze(1))

    def follow(self, *, carries: bool) -> ScaleChange | None:
        """Move the target's mean and deviation to where targets are now, if it is time."""
        return None if self._scaler is None else self._scaler.follow(carries=carries)

    def forget_values(self) -> None:
        """Keep sums alone, and no single label."""
        if self._scaler is not None:
            self._scaler.forget_values()

    def state_dict(self) -> dict[str, Any]:
        """Return the target's running statistics."""
        return {} if self._scaler is None else {"scaler": self._scaler.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the target's running statistics."""
        if self._scaler is not None:
            self._scaler.load_state_dict(state["scaler"])
