"""Measurements against the literature: each method on published protocols, learned by the daemon's own pipeline.

A new protocol is one file here and one line in the table.
"""

from daemon.bench.mnist_fashion import MnistFashion
from daemon.bench.permuted_mnist import PermutedMnist
from daemon.bench.protocol import Protocol
from daemon.bench.rotated_mnist import RotatedMnist
from daemon.bench.sequential_mnist import SequentialMnist

PROTOCOLS: dict[str, type[Protocol]] = {
    "pmnist": PermutedMnist,
    "rmnist": RotatedMnist,
    "smnist": SequentialMnist,
    "mnist-fashion": MnistFashion,
}
"""Name on the command line → the protocol."""
