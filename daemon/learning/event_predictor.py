"""Answers to whoever asks: the fields of events in, predictions as they are published out."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isnan
from typing import TYPE_CHECKING

import numpy as np
import torch

from strategies.objective import NO_CLASS
from strategies.provenance import UNKNOWN

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
    intervals: Sequence[tuple[float | None, float | None] | None] | None = None
    """The ends of each interval; None where ``label.coverage`` asks for none."""


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
    half_widths: Mapping[int, float] | None = None
    """How far an interval reaches on either side, by the code of the task; None where none are asked for."""

    def say(self, asked: AskedRows) -> Said:
        """Return what would be published of each row if it came next, alone; raise ``UnanswerableError``."""
        return self.say_of(self.rows.x(asked), key=asked.hashes, task=self._codes(asked))

    def say_of(self, x: NDArray[np.float32], *, key: NDArray[np.int64], task: NDArray[np.int64]) -> Said:
        """Return the same of rows ``(rows, features)`` less their origins; ``key`` and ``task`` are ``(rows,)``."""
        answer = self.predictor.answer(x, key=key, task=task)
        names = None if answer.logits is None else self.class_names
        said = [named(each, names, origin=self.label_origin) for each in answer.value.tolist()]
        return Said(
            prediction=said,
            confidence=self.predictor.confidence(answer),
            probabilities=self._probabilities(answer),
            intervals=self._intervals(said, task),
        )

    def _intervals(
        self, said: Sequence[str | float | None], task: NDArray[np.int64]
    ) -> Sequence[tuple[float | None, float | None] | None] | None:
        if self.half_widths is None:
            return None
        halves = [self.half_widths.get(code, inf) for code in task.tolist()]
        return list(map(interval, said, halves))

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


def named(value: float, names: Sequence[str] | None, *, origin: float) -> str | float | None:
    """Return an answer in the label's own terms, None where there is none; numbers have no ``names``."""
    if names is not None:
        return None if value == NO_CLASS else names[int(value)]
    return None if isnan(value) else value + origin


def interval(value: str | float | None, half: float) -> tuple[float | None, float | None] | None:
    """Return the ends of an interval around a number, None for each that it does not have; None without an answer.

    >>> interval(5.0, 1.5), interval(5.0, float("inf")), interval(None, 1.5)
    ((3.5, 6.5), (None, None), None)
    """
    if not isinstance(value, float) or isnan(half):
        return None
    return (None, None) if half == inf else (value - half, value + half)


def likeliest_classes(answer: Answer, names: Sequence[str], *, top: int | None) -> list[Mapping[str, float] | None]:
    """Return the probabilities of each row's ``top`` classes, the likeliest first; None where none are wanted."""
    if top is None or answer.logits is None or not answer.logits.shape[1]:
        return [None] * len(answer.value)
    # An answer may be of fewer classes than are known by now: a label of the same poll may have brought one.
    known = torch.softmax(answer.logits, 1)[:, : len(names)]
    chances, places = known.topk(min(top, known.shape[1]), dim=1)
    return [
        None if value == NO_CLASS else {names[place]: chance for place, chance in zip(which, how, strict=True)}
        for value, which, how in zip(answer.value.tolist(), places.tolist(), chances.tolist(), strict=True)
    ]
