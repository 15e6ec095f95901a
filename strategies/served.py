"""A model that predicts, whether it goes on learning or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from strategies.network import Network
    from strategies.objective import Objective
    from strategies.scaler import OnlineScaler


class Predictor(Protocol):
    """What is asked of a model to predict rows; every learner is one."""

    @property
    def objective(self) -> Objective:
        """What the model is trained for."""

    def scale(self, x: Tensor) -> Tensor:
        """Return inputs ``(rows, features)`` as the model sees them now."""

    def predict_scaled(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs ``(rows, outputs) float32`` for inputs as the model sees them."""


class ServedModel:
    """A network with its scales as they were at one moment; nothing here changes any more."""

    def __init__(self, network: Network, *, objective: Objective, scaler: OnlineScaler | None) -> None:
        self.objective = objective
        network.module.requires_grad_(requires_grad=False)
        self._network = network
        self._scaler = scaler

    def scale(self, x: Tensor) -> Tensor:
        """Return inputs ``(rows, features)`` as the network sees them."""
        return x.clone() if self._scaler is None else self._scaler.scale(x)

    def predict_scaled(self, x: Tensor, task: Tensor | None = None) -> Tensor:
        """Return the outputs; ``task`` is ``(rows,) int64``, -1 where unknown."""
        return self._network.predict(x, task)
