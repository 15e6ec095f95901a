"""Rotated MNIST: twenty tasks, each turned by another angle (Lopez-Paz & Ranzato 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from PIL import Image  # matplotlib brings it along

from benchmarks.literature.der_recipe import COLUMNS, SCALE, averaged, base, compact, derpp, er, ewc, published
from benchmarks.literature.image_stream import PIXELS, ImageStream, ImageTask
from benchmarks.literature.images import read_images
from benchmarks.literature.protocol import MethodSetting, Overrides, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

TASKS = 20
HALF_TURN = 180.0


class RotatedMnist(Protocol):
    """Domain-incremental: the classes stay, the inputs turn, each task by an angle of 0° to 180°."""

    summary = "Rotated MNIST: 20 tasks of 60,000 images, each turned by another angle of 0° to 180°, one pass."
    base: ClassVar[Overrides] = base(batch=128, lr=0.2)
    columns: ClassVar[Mapping[str, str]] = COLUMNS
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "naive": MethodSetting(published=published("67.66")),
        "ewc": ewc(lr=0.1, strength=5.0, figure="77.35"),
        "er-200": er(200, lr=0.2, figure="85.01"),
        "er-500": er(500, lr=0.2, figure="88.91"),
        "derpp-200": derpp(200, lr=0.1, alpha=1.0, beta=0.5, figure="90.43"),
        "derpp-500": derpp(500, lr=0.2, alpha=0.5, beta=1.0, figure="92.77"),
        "compact-500": averaged(compact(500, lr=0.2, alpha=0.5, beta=1.0, batch=256)),
    }

    def stream(self, data: Path, *, seed: int, validate: bool) -> ImageStream:
        """Return the stream of one seed, which decides the angles and the order of the images."""
        train, test = read_images(data, "mnist", validate=validate)
        angles = np.random.default_rng([seed, TASKS]).uniform(0.0, HALF_TURN, TASKS)
        tasks = [
            ImageTask(f"rotation-{number:02}", train, test, pixels=turned(angle))
            for number, angle in enumerate(angles.tolist(), start=1)
        ]
        return ImageStream(tasks, seed=seed, scale=SCALE)


def turned(degrees: float) -> NDArray[np.int64]:
    """Return where each pixel of a 28x28 image comes from when Pillow turns it counter-clockwise, nearest pixel.

    ``(784,)``; -1 where it comes from outside and is black.
    """
    # Turning an image of the pixels' own numbers; 0 is what Pillow fills the corners with.
    side = int(PIXELS**0.5)
    numbers = Image.fromarray(np.arange(1, PIXELS + 1, dtype=np.int32).reshape(side, side))
    turned = np.asarray(numbers.rotate(degrees, resample=Image.Resampling.NEAREST))
    return turned.reshape(-1).astype(np.int64) - 1
