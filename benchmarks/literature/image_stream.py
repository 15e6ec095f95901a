"""Tasks of images, one after another: messages of 784 bytes, label and task in their headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.literature.protocol import Chunk, HeldOut, Stream
from connectors.record import LocalRecord

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from benchmarks.literature.images import Images

PIXELS = 784
BLACK = -1
ROWS_AT_ONCE = 128
"""Four times as many, decoded, are more than the allocator keeps: to get them back from the system takes longer."""


@dataclass(frozen=True, slots=True)
class ImageTask:
    """Some images, perhaps with their pixels rearranged."""

    name: str
    train: Images
    test: Images
    pixels: NDArray[np.int64] | None = None
    """``(784,)``: from where each pixel is taken, ``BLACK`` where it is 0; None leaves the images as they are."""

    def see(self, images: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Return the images ``(images, 784)`` as they are in this task."""
        if self.pixels is None:
            return images
        seen = images.take(self.pixels, axis=1)
        seen[:, self.pixels == BLACK] = 0
        return seen


class ImageStream(Stream):
    """Every training image of each task once, shuffled within the task."""

    def __init__(self, tasks: Sequence[ImageTask], *, seed: int, scale: float, offset: float = 0.0) -> None:
        self._tasks = {task.name: task for task in tasks}
        self._seed = seed
        # As the raw decoder computes it, then rounded as the intake does.
        self._levels = (np.arange(256, dtype=np.float64) * scale + offset).astype(np.float32)
        self.events = sum(len(task.train) for task in tasks)

    def chunks(self) -> Iterator[Chunk]:
        """Yield the tasks' records, a few hundred at a time."""
        position = 0
        for number, task in enumerate(self._tasks.values()):
            order = np.random.default_rng([self._seed, number]).permutation(len(task.train))
            headers = [[("label", b"%d" % label), ("task", task.name.encode())] for label in range(10)]
            for start in range(0, len(order), ROWS_AT_ONCE):
                rows = order[start : start + ROWS_AT_ONCE]
                labels = task.train.y[rows].tolist()
                payload = task.see(task.train.x[rows]).tobytes()
                yield Chunk(
                    [
                        LocalRecord(
                            "bench",
                            0,
                            position + n,
                            -1,
                            None,
                            payload[n * PIXELS : (n + 1) * PIXELS],
                            headers[label],
                        )
                        for n, label in enumerate(labels)
                    ],
                    ends=task.name if start + len(rows) == len(order) else None,
                )
                position += len(rows)

    def held_out(self, task: str, *, rows: int | None = None) -> HeldOut:
        """Return the task's test images, or evenly spread ones of them, each task's beginning at another."""
        asked = self._tasks[task]
        step = 1 if rows is None else max(1, len(asked.test) // rows)
        images = asked.test[list(self._tasks).index(task) % step :: step]
        return HeldOut(self._levels.take(asked.see(images.x)), images.y)
