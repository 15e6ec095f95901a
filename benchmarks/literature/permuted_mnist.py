"""Permuted MNIST: twenty tasks, each with the pixels in another order (Kirkpatrick et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np

from benchmarks.literature.der_recipe import (
    COLUMNS,
    SCALE,
    base,
    closed_form,
    compact,
    derpp,
    er,
    ewc,
    ewc_by_layer,
    plain,
    published,
    si,
)
from benchmarks.literature.image_stream import PIXELS, ImageStream, ImageTask
from benchmarks.literature.images import read_images
from benchmarks.literature.protocol import MethodSetting, Overrides, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

TASKS = 20


class PermutedMnist(Protocol):
    """Domain-incremental: the classes stay, the inputs change."""

    tasks: ClassVar[int] = TASKS

    summary = "Permuted MNIST: 20 tasks of 60,000 images, each with the pixels in another order, one pass."
    base: ClassVar[Overrides] = base(batch=128, lr=0.2)
    columns: ClassVar[Mapping[str, str]] = COLUMNS
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "naive": MethodSetting(published=published("40.70")),
        "ewc": ewc(lr=0.1, strength=5.0, figure="75.79"),
        "ewc-kronecker": ewc_by_layer(lr=0.2, strength=10.0, figure="75.79"),
        "si": si(lr=0.1, strength=0.5, damping=1.0, figure="65.86"),
        "agem-500": plain({"type": "agem", "rows": 500, "batch": 128}, lr=0.1, figure="67.56"),
        "er-200": er(200, lr=0.2, figure="72.37"),
        "er-500": er(500, lr=0.2, figure="80.60"),
        "der-500": plain({"type": "der", "rows": 500, "alpha": 1.0, "batch": 128}, lr=0.2, figure="87.29"),
        "derpp-200": derpp(200, lr=0.1, alpha=1.0, beta=1.0, figure="83.58"),
        "derpp-500": derpp(500, lr=0.2, alpha=1.0, beta=0.5, figure="88.21"),
        "compact-200": compact(200, lr=0.2, alpha=1.0, beta=0.5),
        "compact-500": compact(500, lr=0.2, alpha=1.0, beta=1.0),
        "closed-form-1000": closed_form(1000, solve_every=4096),
        "closed-form-2000": closed_form(2000, solve_every=4096),
    }

    def stream(self, data: Path, *, seed: int, validate: bool) -> ImageStream:
        """Return the stream of one seed, which decides the permutations and the order of the images."""
        train, test = read_images(data, "mnist", validate=validate)
        tasks = [
            ImageTask(f"permutation-{number:02}", train, test, pixels=_permutation(seed, number))
            for number in range(1, self.tasks + 1)
        ]
        return ImageStream(tasks, seed=seed, scale=SCALE)


def _permutation(seed: int, number: int) -> NDArray[np.int64]:
    return np.random.default_rng([seed, number, PIXELS]).permutation(PIXELS)
