"""The network of the DER paper's code, whose weights begin otherwise than torch's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from strategies.models.mlp import Mlp

if TYPE_CHECKING:
    from strategies.options.models.mlp import MlpOptions


class XavierMlp(Mlp):
    """A perceptron whose weights are Xavier's (Glorot & Bengio 2010, eq. 16), and whose biases begin at zero."""

    def __init__(self, options: MlpOptions, *, features: int, outputs: int) -> None:
        super().__init__(options, features=features, outputs=outputs)
        for layer in self:
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)
