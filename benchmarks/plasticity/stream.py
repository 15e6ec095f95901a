"""Hundreds of tasks that never return: small digits, each task with the pixels in an order of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

from benchmarks.literature.images import read_images
from daemon.intake.arrivals import Arrivals
from strategies.batch import Batch, provenance_table

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from benchmarks.literature.images import Images

SIDE = 14
PIXELS = SIDE * SIDE
EVENTS = 4_000
"""Of a task."""
TEST_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Digits:
    """MNIST with each two by two pixels averaged."""

    x: NDArray[np.float32]
    """``(images, 196)``, 0 to 1."""
    y: NDArray[np.int64]

    @classmethod
    def of(cls, images: Images) -> Digits:
        """Return images of 28 by 28 bytes at half the side."""
        squares = images.x.reshape(-1, SIDE, 2, SIDE, 2).astype(np.float32)
        return cls(squares.mean((2, 4)).reshape(-1, PIXELS) / 255, images.y)


class PermutedDigits:
    """Tasks by number: 4,000 training images, drawn anew for each, in the task's order of pixels."""

    def __init__(self, data: Path, *, seed: int, validate: bool) -> None:
        train, test = read_images(data, "mnist", validate=validate)
        self._train, self._test = Digits.of(train), Digits.of(test[:TEST_ROWS])
        self._seed = seed

    def task(self, number: int, *, events: int = EVENTS) -> Arrivals:
        """Return the events of a task, in order; raise ``ValueError`` where there are not so many images."""
        order, chance = self._order(number)
        rows = chance.choice(len(self._train.x), events, replace=False)
        batch = Batch(
            x=torch.from_numpy(np.ascontiguousarray(self._train.x[rows][:, order])),
            y=torch.from_numpy(self._train.y[rows]),
            task=torch.zeros(events, dtype=torch.int64),
            provenance=provenance_table(
                key=np.full(events, -1),
                partition=np.zeros(events),
                offset=number * events + np.arange(events),
                time_ms=np.full(events, -1),
            ),
        )
        none = np.zeros(events, np.int64)
        held_out = np.zeros(events, bool)
        return Arrivals(batch, segment=none, retired=none, held_out=held_out, labels=batch.y.numpy(), records=())

    def test(self, number: int) -> tuple[Tensor, NDArray[np.int64]]:
        """Return test rows ``(rows, 196)`` of a task, and their classes."""
        order, _ = self._order(number)
        return torch.from_numpy(np.ascontiguousarray(self._test.x[:, order])), self._test.y

    def _order(self, number: int) -> tuple[NDArray[np.int64], np.random.Generator]:
        chance = np.random.default_rng([self._seed, number])
        return chance.permutation(PIXELS), chance
