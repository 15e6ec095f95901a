"""A network on the spectrum of a window: for vibration, motion, current, sound."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from strategies.models.mlp import Mlp
from strategies.models.width import check_width
from strategies.options.models.mlp import MlpOptions
from strategies.options.models.spectral import SpectralOptions

LEAST_VARIANCE, LEAST_POWER = 0.1, 1.0
"""Of standardised input; what is much smaller is noise, and its logarithm would be the largest number of all."""


class Spectral(nn.Sequential):
    """Mean, logarithm of the variance, and logarithms of the powers of each channel, then linear layers with ReLU.

    Rows are flat windows, channel by channel ``(rows, channels * length) → (rows, outputs)``. Where in the window
    something happens is not seen, only how often and how strongly: a shift in time changes little, and there is
    little to learn. Raises ``ValueError`` where the rows are not as wide as ``shape`` says, or the window is too
    short for so many frequencies.
    """

    Options: ClassVar[type[SpectralOptions]] = SpectralOptions

    def __init__(self, options: SpectralOptions, *, features: int, outputs: int) -> None:
        channels, length = options.shape
        check_width(options.shape, features=features)
        if options.frequencies > length // 2:
            raise ValueError(
                f"model.frequencies: a window of length {length} has {length // 2}, not {options.frequencies}"
            )
        seen = channels * (2 + options.frequencies)
        perceptron = Mlp(MlpOptions(hidden=options.hidden), features=seen, outputs=outputs)
        super().__init__(PowerSpectrum(channels, length, options.frequencies), *perceptron)


class PowerSpectrum(nn.Module):
    """Windows to levels and spectra ``(rows, channels * length) → (rows, channels * (2 + frequencies))``.

    The power is that of one Hann-weighted transform, the periodogram of Welch (1967) with a single segment.
    """

    def __init__(self, channels: int, length: int, frequencies: int) -> None:
        super().__init__()
        self._shape = (channels, length)
        self._frequencies = frequencies

    def forward(self, x: Tensor) -> Tensor:
        """Return, of each channel in turn, the means, the variances and the powers."""
        windows = x.reshape(-1, *self._shape)
        means = windows.mean(2)
        swings = windows - means.unsqueeze(2)
        variances = swings.square().mean(2).add(LEAST_VARIANCE).log()
        weights = torch.hann_window(self._shape[1], dtype=x.dtype, device=x.device)
        waves = torch.fft.rfft(swings * weights)[..., 1 : self._frequencies + 1]
        powers = waves.abs().square().div(self._shape[1]).add(LEAST_POWER).log()
        return torch.cat([means, variances, powers.flatten(1)], 1)
