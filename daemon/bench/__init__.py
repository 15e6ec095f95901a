"""Measurements against the literature: each method on published protocols, learned by the daemon's own pipeline.

A new protocol is one file here and one line in the table.
"""

from daemon.bench.electricity import Electricity
from daemon.bench.gas_drift import GasDrift
from daemon.bench.human_activity import HumanActivity
from daemon.bench.lora import Lora
from daemon.bench.mnist_fashion import MnistFashion
from daemon.bench.permuted_mnist import PermutedMnist
from daemon.bench.protocol import Protocol
from daemon.bench.rotated_mnist import RotatedMnist
from daemon.bench.sequential_mnist import SequentialMnist
from daemon.bench.volatility import Volatility

PROTOCOLS: dict[str, type[Protocol]] = {
    "pmnist": PermutedMnist,
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
