"""River's drift detectors: their options, and whether what they found is a rise."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    from array import array


class Detector(Protocol):
    """The part of a river detector that is used."""

    @property
    def drift_detected(self) -> bool:
        """Whether the newest input made a detection."""

    def update(self, x: float) -> None:
        """Take one input."""


class DetectorKind(Protocol):
    """A detector's parameters. River is imported only by ``build``, because it brings pandas and scipy along."""

    @property
    def carry(self) -> int:
        """How many of the newest inputs a detector needs to stand where it stood; 0 for half of what there is."""

    def build(self) -> Detector:
        """Return a fresh detector."""

    def rose(self, detector: Any, inputs: array[float]) -> bool:
        """Tell whether the error went up, after a detection. ``inputs`` are all since the detector was fresh."""


@dataclass(frozen=True, slots=True)
class Adwin:
    """Adaptive windowing (Bifet and Gavaldà 2007, SDM, "Learning from time-changing data with adaptive windowing").

    It finds changes both ways. The error went up where the mean of the window that is left after the cut is above
    the mean before the cut.
    """

    delta: float = 0.002
    carry: int = 0

    def build(self) -> Detector:
        """Return a fresh detector."""
        detector: Detector = import_module("river.drift").ADWIN(delta=self.delta)
        return detector

    def rose(self, detector: Any, inputs: array[float]) -> bool:
        """Compare the window left with all that was in it."""
        return float(detector.estimation) > float(np.mean(inputs))


@dataclass(frozen=True, slots=True)
class PageHinkley:
    """The Page-Hinkley test (Page 1954, Biometrika 41, "Continuous inspection schemes"), upwards only.

    ``threshold`` is in units of the error, summed: with 0/1 errors, 50 errors more than the mean leads to expect.
    River's ``delta`` of 0.005 alarms every few thousand errors of a stable stream: their sum then wanders by about
    variance / (2 delta) = 16.
    """

    delta: float = 0.02
    threshold: float = 50.0
    alpha: float = 0.9999
    carry: int = 0

    def build(self) -> Detector:
        """Return a fresh detector."""
        detector: Detector = import_module("river.drift").PageHinkley(
            delta=self.delta, threshold=self.threshold, alpha=self.alpha, mode="up"
        )
        return detector

    def rose(self, detector: Any, inputs: array[float]) -> bool:
        """Return True: it looks upwards only."""
        return True


@dataclass(frozen=True, slots=True)
class Kswin:
    """Kolmogorov-Smirnov windowing (Raab, Heusinger and Schleif 2020, Neurocomputing 416).

    It finds any change of the distribution. The error went up where the mean of the newest ``recent`` inputs is
    above that of the rest of the window.
    """

    alpha: float = 0.0001
    window: int = 100
    recent: int = 30
    seed: int = 0

    @property
    def carry(self) -> int:
        """One window."""
        return self.window

    def build(self) -> Detector:
        """Return a fresh detector."""
        detector: Detector = import_module("river.drift").KSWIN(
            alpha=self.alpha, window_size=self.window, stat_size=self.recent, seed=self.seed
        )
        return detector

    def rose(self, detector: Any, inputs: array[float]) -> bool:
        """Compare the two parts of the window."""
        older, newer = inputs[-self.window : -self.recent], inputs[-self.recent :]
        return float(np.mean(newer)) > float(np.mean(older))
