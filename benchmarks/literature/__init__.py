"""Measurements against the literature: each method on published protocols, learned by the daemon's own pipeline.

A new protocol is one file here and one line in the table.
"""

from benchmarks.literature.electricity import Electricity
from benchmarks.literature.gas_drift import GasDrift
from benchmarks.literature.human_activity import HumanActivity
from benchmarks.literature.lora import Lora
from benchmarks.literature.many_permutations import ManyPermutations
from benchmarks.literature.mnist_fashion import MnistFashion
from benchmarks.literature.permuted_mnist import PermutedMnist
from benchmarks.literature.protocol import Protocol
from benchmarks.literature.rotated_mnist import RotatedMnist
from benchmarks.literature.sequential_mnist import SequentialMnist
from benchmarks.literature.volatility import Volatility

PROTOCOLS: dict[str, type[Protocol]] = {
    "pmnist": PermutedMnist,
    "pmnist-50": ManyPermutations,
    "rmnist": RotatedMnist,
    "smnist": SequentialMnist,
    "mnist-fashion": MnistFashion,
    "lora": Lora,
    "gas": GasDrift,
    "har": HumanActivity,
    "elec2": Electricity,
    "fx": Volatility,
}
"""Name on the command line → the protocol."""
