"""How good answers are whose labels have not come, by how sure they were: an estimate, and how far off it was."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_BINS = 20
"""Equally wide, of confidence."""
_KEPT = 0.5 ** (1 / 5_000)
"""What is left of a label's weight in its bin after the next one: half after five thousand."""
_PRIOR = 10.0
"""Labels that a confidence is worth before any has come: that much it is believed as it is."""


@dataclass(frozen=True, slots=True)
class AccuracyEstimate:
    """Of the newest answers, and of the newest whose labels have come."""

    accuracy: float
    """Estimated, of the newest answers, whether or not their labels have come."""
    answers: int
    estimated_then: float | None
    """What was estimated on arrival of the newest answers whose labels have come; None where none has."""
    was: float | None
    """What the accuracy of these was."""
    compared: int


class EstimatedAccuracy:
    """Confidence-based performance estimation: the mean calibrated confidence of the newest answers.

    The expected accuracy of calibrated answers is their mean confidence (Guillory et al., ICCV 2021, and CBPE of
    Białek et al., arXiv 2407.08649). What is calibrated here is the confidence that is published: by the share of
    right answers among those that were as sure, of labels that had come by then (histogram binning, Zadrozny and
    Elkan, ICML 2001), the newest counting most. It knows nothing of a change of what labels mean, before labels of
    after the change come; how far off it was lately is told beside it.

    >>> estimated = EstimatedAccuracy(window=100)
    >>> for number in range(400):
    ...     estimated.ask(number, 0.9)
    ...     estimated.hear(number, right=number % 4 != 0)
    >>> estimated.score.was, round(estimated.score.accuracy, 2)
    (0.75, 0.75)
    """

    def __init__(self, *, window: int) -> None:
        self._weight, self._right = np.zeros(_BINS), np.zeros(_BINS)
        self._newest: deque[float] = deque(maxlen=window)
        self._compared: deque[tuple[float, bool]] = deque(maxlen=window)
        self._waiting: dict[int, tuple[float, float]] = {}
        """Confidence and estimate of each answer whose label has not come, by the event's number."""

    def ask(self, number: int, confidence: float | None) -> None:
        """Note how sure the answer to an event is; None where there is none."""
        if confidence is not None:
            estimate = self._calibrated(confidence)
            self._newest.append(estimate)
            self._waiting[number] = (confidence, estimate)

    def hear(self, number: int, *, right: bool) -> None:
        """Learn whether an answer was right."""
        said = self._waiting.pop(number, None)
        if said is not None:
            place = _bin(said[0])
            self._weight *= _KEPT
            self._right *= _KEPT
            self._weight[place] += 1
            self._right[place] += right
            self._compared.append((said[1], right))

    def give_up(self, numbers: Iterable[int]) -> None:
        """Let events go that get no label."""
        for number in numbers:
            self._waiting.pop(number, None)

    @property
    def score(self) -> AccuracyEstimate | None:
        """The estimate; None before the first answer."""
        if not self._newest:
            return None
        then, was = np.array(self._compared).reshape(-1, 2).mean(axis=0) if self._compared else (None, None)
        return AccuracyEstimate(
            accuracy=float(np.mean(self._newest)),
            answers=len(self._newest),
            estimated_then=None if then is None else float(then),
            was=None if was is None else float(was),
            compared=len(self._compared),
        )

    def _calibrated(self, confidence: float) -> float:
        place = _bin(confidence)
        return float((self._right[place] + _PRIOR * confidence) / (self._weight[place] + _PRIOR))

    def state_dict(self) -> dict[str, Any]:
        """Return what is known of every confidence, the newest estimates, and those whose labels have not come."""
        return {
            "bins": np.stack([self._weight, self._right]),
            "newest": np.array(self._newest, dtype=np.float64),
            "compared": np.array(self._compared, dtype=np.float64).reshape(-1, 2),
            "numbers": np.array(list(self._waiting), dtype=np.int64),
            "waiting": np.array(list(self._waiting.values()), dtype=np.float64).reshape(-1, 2),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; nothing of an empty one."""
        if not state:
            return
        self._weight, self._right = np.array(state["bins"])
        self._newest.extend(np.asarray(state["newest"]).tolist())
        self._compared.extend((then, bool(right)) for then, right in np.asarray(state["compared"]).tolist())
        numbers, waiting = np.asarray(state["numbers"]).tolist(), np.asarray(state["waiting"]).tolist()
        self._waiting = {number: (sure, then) for number, (sure, then) in zip(numbers, waiting, strict=True)}


def _bin(confidence: float) -> int:
    return min(int(confidence * _BINS), _BINS - 1)
