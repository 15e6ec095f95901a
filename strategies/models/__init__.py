"""The models that a configuration can name; each is an ordinary torch module."""

from strategies.offered import Offered
from strategies.options.models.cnn import CnnOptions
from strategies.options.models.cnn1d import Cnn1dOptions
from strategies.options.models.linear import LinearOptions
from strategies.options.models.mlp import MlpOptions
from strategies.options.models.spectral import SpectralOptions

MODELS = {
    "linear": Offered(LinearOptions, "strategies.models.linear:Linear"),
    "mlp": Offered(MlpOptions, "strategies.models.mlp:Mlp"),
    "cnn": Offered(CnnOptions, "strategies.models.cnn:Cnn"),
    "cnn1d": Offered(Cnn1dOptions, "strategies.models.cnn1d:Cnn1d"),
    "spectral": Offered(SpectralOptions, "strategies.models.spectral:Spectral"),
}
