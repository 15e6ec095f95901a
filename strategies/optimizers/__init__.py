"""The optimizers, as a few operations on one flat vector."""

from strategies.optimizers.adam import Adam
from strategies.optimizers.optimizer import Optimizer
from strategies.optimizers.sgd import Sgd

OPTIMIZERS: dict[str, type[Optimizer]] = {
    "sgd": Sgd,
    "adam": Adam,
}

__all__ = ["OPTIMIZERS", "Adam", "Optimizer", "Sgd"]
