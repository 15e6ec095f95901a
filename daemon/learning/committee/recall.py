"""Whom to believe about rows without a past."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from daemon.learning.committee.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from strategies.row_holder import Gone


class Trust(Protocol):
    """Mixes what voices say, and learns whom to believe."""

    def answer(self, voices: NDArray[Any]) -> NDArray[Any]:
        """Return the mixture ``(…, rows)`` of what all voices say ``(voices, …, rows)``."""

    def likelihoods(self, answer: NDArray[Any], truth: NDArray[Any]) -> NDArray[np.float64]:
        """Return how likely an answer has made the truth ``(rows,)``, up to a factor; more than 0."""

    def learn(self, voices: NDArray[Any], truth: NDArray[Any]) -> None:
        """Learn from what was said of rows, and their truth ``(rows,)``."""

    def state_dict(self) -> dict[str, Any]:
        """Return whom it believes."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other voices."""


@dataclass(frozen=True, slots=True)
class Review:
    """Rows as if each came under a key that was never met."""

    x: NDArray[np.float64]
    """``(rows, width)``, as members see them."""
    voices: NDArray[Any]
    """``(voices, …, rows)``: what was said of them."""
    truth: NDArray[Any]
    """``(rows,)``"""
    key: NDArray[np.int64]
    """Hashes of the keys that the new ones came under, ``(new rows,)``."""


class Recall:
    """Whom to believe has two answers: one for rows like the newest, and one for those that are remembered.

    Who is right lately may have forgotten what was; so rows that the main learner remembers are asked for now and
    then, beside as many new ones. Which trust a row gets is a gate's decision.
    """

    def __init__(self, make_trust: Callable[[], Trust], *, width: int) -> None:
        self._of_newest, self._of_remembered = make_trust(), make_trust()
        self._gate = Gate(width)

    @property
    def begun(self) -> bool:
        """Whether it can answer."""
        return self._gate.begun

    def answer(self, x: NDArray[np.float64], voices: NDArray[Any]) -> NDArray[Any]:
        """Return what is said of rows, by what all voices say of them: see ``Review``."""
        newest, remembered = self._of_newest.answer(voices), self._of_remembered.answer(voices)
        share = self._gate.shares(x).astype(newest.dtype)
        return np.asarray(share * newest + (1 - share) * remembered)

    def learn(self, review: Review, *, new: int) -> None:
        """Learn from rows of which the first are ``new``; the others are remembered, and about as many."""
        if self.begun:
            self._learn_gate(review)
        self._of_newest.learn(review.voices[..., :new], review.truth[:new])
        self._of_remembered.learn(review.voices[..., new:], review.truth[new:])
        self._gate.follow(review.x[:new], key=review.key)

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many: see ``RowHolder``."""
        return self._gate.forget(gone)

    def state_dict(self) -> dict[str, Any]:
        """Return both trusts and the gate."""
        return {
            "of_newest": self._of_newest.state_dict(),
            "of_remembered": self._of_remembered.state_dict(),
            "gate": self._gate.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of other voices or rows."""
        self._of_newest.load_state_dict(state["of_newest"])
        self._of_remembered.load_state_dict(state["of_remembered"])
        self._gate.load_state_dict(state["gate"])

    def _learn_gate(self, review: Review) -> None:
        # Both answers are judged by one, since each has a unit of its own.
        first, second = (
            self._of_remembered.likelihoods(trust.answer(review.voices), review.truth)
            for trust in (self._of_newest, self._of_remembered)
        )
        self._gate.learn(review.x, first=first, second=second)
