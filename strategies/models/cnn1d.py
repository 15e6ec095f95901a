"""A small convolutional network for series: windows of one or several channels."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar

from torch import nn

from strategies.models.width import check_width
from strategies.options.models.cnn1d import Cnn1dOptions


class Cnn1d(nn.Sequential):
    """Convolutions along the time, each with ReLU and max-pooling by two, then two linear layers.

    Rows are flat windows, channel by channel ``(rows, channels * length) → (rows, outputs)``. A series is taken as
    an image of height one, so that whatever is known of images (the Fisher's closed form, adapters) is known of it.
    Raises ``ValueError`` where the rows are not as wide as ``shape`` says, or the window is too short to be halved
    so often.
    """

    Options: ClassVar[type[Cnn1dOptions]] = Cnn1dOptions

    def __init__(self, options: Cnn1dOptions, *, features: int, outputs: int) -> None:
        channels, length = options.shape
        check_width(options.shape, features=features)
        remaining = length // 2 ** len(options.channels)
        if not remaining:
            raise ValueError(f"model.channels: {len(options.channels)} halvings leave nothing of length {length}")
        layers: list[nn.Module] = [nn.Unflatten(1, (channels, 1, length))]
        for given, following in pairwise((channels, *options.channels)):
            convolution = nn.Conv2d(given, following, (1, options.kernel), padding=(0, options.kernel // 2))
            layers += [convolution, nn.ReLU(), nn.MaxPool2d((1, 2))]
        super().__init__(
            *layers,
            nn.Flatten(),
            nn.Linear(options.channels[-1] * remaining, options.hidden),
            nn.ReLU(),
            nn.Linear(options.hidden, outputs),
        )
