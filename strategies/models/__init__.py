"""The models that a configuration can name; each is an ordinary torch module."""

from __future__ import annotations

from typing import TYPE_CHECKING

from strategies.models.cnn import Cnn
from strategies.models.cnn1d import Cnn1d
from strategies.models.linear import Linear
from strategies.models.mlp import Mlp
from strategies.models.spectral import Spectral

if TYPE_CHECKING:
    from torch import nn

MODELS: dict[str, type[nn.Module]] = {
    "linear": Linear,
    "mlp": Mlp,
    "cnn": Cnn,
    "cnn1d": Cnn1d,
    "spectral": Spectral,
}
