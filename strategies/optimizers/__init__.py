"""The optimizers, as a few operations on one flat vector."""

from strategies.offered import Offered
from strategies.options.optimizers.adam import AdamOptions
from strategies.options.optimizers.sgd import SgdOptions

OPTIMIZERS = {
    "sgd": Offered(SgdOptions, "strategies.optimizers.sgd:Sgd"),
    "adam": Offered(AdamOptions, "strategies.optimizers.adam:Adam"),
}
