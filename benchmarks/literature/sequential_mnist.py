"""Sequential (split) MNIST: five tasks of two digits each, learned class-incrementally (Zenke et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from benchmarks.literature.der_recipe import (
    COLUMNS,
    SCALE,
    base,
    closed_form,
    cls_er,
    compact,
    derpp,
    er,
    ewc,
    plain,
    published,
    si,
)
from benchmarks.literature.image_stream import ImageStream, ImageTask
from benchmarks.literature.images import read_images
from benchmarks.literature.protocol import MethodSetting, Overrides, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PAIRS = ((0, 1), (2, 3), (4, 5), (6, 7), (8, 9))


class SequentialMnist(Protocol):
    """Class-incremental: one head of ten outputs, and no task is given at test."""

    summary = "Sequential MNIST: 5 tasks of 2 digits, one head, no task given at test, one pass."
    base: ClassVar[Overrides] = base(batch=10, lr=0.03, network="benchmarks.literature.xavier_mlp:XavierMlp")
    columns: ClassVar[Mapping[str, str]] = COLUMNS
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "naive": MethodSetting(published=published("19.60")),
        # The paper's penalty has no factor of one half.
        "ewc": ewc(lr=0.03, strength=180.0, figure="20.46"),
        "si": si(lr=0.1, strength=1.0, damping=0.9, figure="19.27"),
        "lwf": plain({"type": "lwf"}, lr=0.03, figure="19.62"),
        "agem-200": plain({"type": "agem", "rows": 200, "batch": 128}, lr=0.1, figure="45.72"),
        "der-500": plain({"type": "der", "rows": 500, "alpha": 1.0, "batch": 128}, lr=0.03, figure="90.54"),
        "er-200": er(200, lr=0.01, batch=10, figure="80.43"),
        "er-500": er(500, lr=0.1, batch=10, figure="86.12"),
        "derpp-200": derpp(200, lr=0.03, alpha=0.2, beta=1.0, batch=128, figure="85.61"),
        "derpp-500": derpp(500, lr=0.03, alpha=1.0, beta=0.5, batch=10, figure="91.00"),
        "cls-er-500": cls_er(500, lr=0.1, strength=2.0, stable_frequency=0.9, batch=32, figure="92.05"),
        "compact-500": compact(500, lr=0.1, alpha=0.2, beta=1.0, batch=64),
        "closed-form-1000": closed_form(1000),
        "closed-form-2000": closed_form(2000),
        "closed-form-4000": closed_form(4000),
    }

    def stream(self, data: Path, *, seed: int, validate: bool) -> ImageStream:
        """Return the stream of one seed, which decides the order of the images within each task."""
        train, test = read_images(data, "mnist", validate=validate)
        tasks = [ImageTask("-".join(map(str, pair)), train.of(pair), test.of(pair)) for pair in PAIRS]
        return ImageStream(tasks, seed=seed, scale=SCALE)
