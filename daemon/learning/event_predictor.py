"""Answers to whoever asks: the fields of events in, predictions as they are published out."""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

import numpy as np
import torch

from strategies.batch import UNKNOWN
from strategies.objective import NO_CLASS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from daemon.intake.asked_rows import AskedRows, RowGlance
    from daemon.learning.row_predictor import RowPredictor
    from strategies.objective import Answer


@dataclass(frozen=True, slots=True)
class Said:
    """What was said of some rows; ``(rows,)`` each."""

    prediction: Sequence[str | float | None]
    """Class names or numbers, in the label's own units; None where nothing can be said yet."""
    confidence: Sequence[float | None]
    """The probability of the class; None in regression, and where there is no answer."""
    probabilities: NDArray[np.float32] | None
    """``(rows, classes)`` of all classes known, in their order; None in regression."""


@dataclass(frozen=True, slots=True)
class EventPredictor:
    """All that an answer depends on, as of one moment: weights, scales, histories, vocabularies, committee.

    A live view, or a copy that nothing changes any more and that any thread may ask.
    """

    rows: RowGlance
    predictor: RowPredictor
    class_names: tuple[str, ...]
    """By index; empty in regression."""
    tasks: Mapping[str, int]
    """Codes of the known tasks."""
    task: int
    """The code of the task that is being learned, for rows of which nobody says one."""
    label_origin: float
    """What labels are taken from."""
    events: int
    """Events that were predicted until then."""
    step: int
    """Optimizer steps that the main learner had made."""

    def say(self, asked: AskedRows) -> Said:
        """Return what would be published of each row if it came next, alone; raise ``UnanswerableError``."""
        x = self.rows.x(asked)
        answer = self.predictor.answer(x, key=asked.hashes, task=self._codes(asked))
        return Said(
            prediction=[named(each, self.class_names, origin=self.label_origin) for each in answer.value.tolist()],
            confidence=self.predictor.confidence(answer),
            probabilities=self._probabilities(answer),
        )

    def _codes(self, asked: AskedRows) -> NDArray[np.int64]:
        """Return the tasks ``(rows,)``: that of now where nobody says another, unknown where it never came."""
        if asked.task is None:
            return np.full(len(asked), self.task, dtype=np.int64)
        codes = [self.task if name is None else self.tasks.get(name, UNKNOWN) for name in asked.task]
        return np.array(codes, dtype=np.int64)

    def _probabilities(self, answer: Answer) -> NDArray[np.float32] | None:
        if answer.logits is None:
            return None
        rows, classes = len(answer.value), len(self.class_names)
        probabilities = np.zeros((rows, classes), dtype=np.float32)
        said = torch.softmax(answer.logits, 1)[:, :classes]
        probabilities[:, : said.shape[1]] = said.numpy()
        return probabilities


def named(value: float, names: Sequence[str], *, origin: float) -> str | float | None:
    """Return an answer in the label's own terms; None where there is none."""
    if names:
        return None if value == NO_CLASS else names[int(value)]
    return None if isnan(value) else value + origin
