"""A small convolutional network for images."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import nn

from strategies.models.width import check_width
from strategies.options.models.cnn import CnnOptions


class Cnn(nn.Sequential):
    """3x3 convolutions, each with ReLU and 2x2 max-pooling, then two linear layers.

    Rows are flat images ``(rows, channels * height * width) → (rows, outputs)``. Raises ``ValueError`` where the
    rows are not as wide as ``shape`` says, or the image is too small to be halved so often.
    """

    Options: ClassVar[type[CnnOptions]] = CnnOptions

    def __init__(self, options: CnnOptions, *, features: int, outputs: int) -> None:
        check_width(options.shape, features=features)
        halvings = 2 ** len(options.channels)
        height, width = options.shape[1] // halvings, options.shape[2] // halvings
        if not height or not width:
            raise ValueError(f"model.channels: {len(options.channels)} halvings leave nothing of {options.shape}")
        layers: list[nn.Module] = [nn.Unflatten(1, options.shape)]
        for channels, following in pairwise((options.shape[0], *options.channels)):
            layers += [nn.Conv2d(channels, following, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2)]
        flat = options.channels[-1] * height * width
        super().__init__(
            *layers,
            nn.Flatten(),
            nn.Linear(flat, options.hidden),
            nn.ReLU(),
            nn.Linear(options.hidden, outputs),
        )
