"""A drift detector that can be restored without unpickling anything."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.tasks.detectors import Detector, DetectorKind


class Alarm:
    """Feeds errors to a detector and says when they have risen.

    A detection always starts the detector afresh, as river itself does; it is an alarm only where the error went
    up and ``min_events`` errors have passed since the last alarm. A detection that comes too early is thus lost.

    The state is the inputs since the detector was fresh: replayed into a fresh one they make the same detector.
    When there are ``horizon``, the detector is made anew from the newest half (KSWIN: from one window), so it goes
    on at once, with a shorter memory. Errors are averaged by ``average`` and taken as float32; those that are not
    finite are passed over.
    """

    def __init__(self, kind: DetectorKind, *, min_events: int, horizon: int, average: int) -> None:
        assert kind.carry < horizon
        self._kind = kind
        self._min_events = min_events
        self._horizon = horizon
        self._average = average
        self._pending = np.empty(0, dtype=np.float32)
        self._since_alarm = 0
        self._detector: Detector
        self._inputs: array[float]
        self._restart()

    def observe(self, errors: NDArray[np.float64]) -> bool:
        """Take errors ``(rows,)`` in order; return whether there was an alarm among them."""
        alarms = [self._feed(value) for value in self._averaged(errors)]
        return any(alarms)

    def _averaged(self, errors: NDArray[np.float64]) -> list[float]:
        with np.errstate(over="ignore"):
            narrow = errors.astype(np.float32)
        values = np.concatenate((self._pending, narrow[np.isfinite(narrow)]))
        whole = len(values) // self._average * self._average
        self._pending = values[whole:]
        # Not np.mean: its order of additions depends on the shape.
        sums = np.add.accumulate(values[:whole].reshape(-1, self._average), axis=1, dtype=np.float64)[:, -1]
        means: list[float] = (sums / self._average).astype(np.float32).tolist()
        return means

    def _feed(self, value: float) -> bool:
        self._since_alarm += self._average
        self._inputs.append(value)
        self._detector.update(value)
        if self._detector.drift_detected:
            return self._detected()
        if len(self._inputs) >= self._horizon:
            self._replay(self._inputs[-(self._kind.carry or self._horizon // 2) :])
        return False

    def _detected(self) -> bool:
        alarm = self._since_alarm >= self._min_events and self._kind.rose(self._detector, self._inputs)
        self._restart()
        if alarm:
            self._since_alarm = 0
        return alarm

    def _restart(self) -> None:
        self._detector = self._kind.build()
        self._inputs = array("f")

    def _replay(self, inputs: array[float]) -> None:
        self._restart()
        for value in inputs:
            self._inputs.append(value)
            self._detector.update(value)
            if self._detector.drift_detected:
                self._restart()

    def state_dict(self) -> dict[str, Any]:
        """Return the inputs since the detector was fresh, as uint8 where all are 0 or 1, and the counters."""
        inputs = np.array(self._inputs, dtype=np.float32)
        binary = bool(((inputs == 0) | (inputs == 1)).all())
        return {
            "inputs": inputs.astype(np.uint8) if binary else inputs,
            "pending": self._pending,
            "since_alarm": self._since_alarm,
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a saved state by replaying its inputs, which another kind of detector takes as its own past."""
        inputs = array("f", state["inputs"].astype(np.float32).tobytes())
        self._replay(inputs[-(self._horizon - 1) :])
        self._pending = np.asarray(state["pending"], dtype=np.float32)
        self._since_alarm = state["since_alarm"]
