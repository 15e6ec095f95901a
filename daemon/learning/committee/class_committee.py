"""The committee that answers with a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.any_member import expert_names, load_member_states, member_states
from daemon.learning.committee.log_pools import MEMORIES, LogPools
from daemon.learning.committee.mixture import FixedShare
from daemon.learning.committee.probabilities import FLOOR, floored
from strategies.objective import NO_CLASS, Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.member import Member
    from daemon.learning.committee.views import ClassViews, Views
    from strategies.batch import Batch


_UNKNOWN = 1e-12
"""The probability of a class that nobody could know yet."""


class ClassCommittee:
    """Mixes the probabilities of the main learner, of the members and of pools of them all.

    Everything that learns does so when a block is closed. Within a block each row knows the labels of the rows
    before it, and so do the weights. Only classes that have been seen can be the answer.
    """

    def __init__(
        self, views: ClassViews, members: Sequence[Member], *, classes: int, places: int, share: float
    ) -> None:
        self.names = expert_names(members, memories=MEMORIES)
        """Of all experts, in the order of their weights."""
        self._views = views
        self._members = members
        self._classes = classes
        self._places = places
        self._pools = LogPools(len(self.names) - len(MEMORIES))
        self._mixture = FixedShare(len(self.names), share=share)
        self._begin()

    @property
    def weights(self) -> dict[str, float]:
        """How much each expert is believed, by its name; they add up to 1."""
        return dict(zip(self.names, self._mixture.weights.tolist(), strict=True))

    def answer(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return the mixture's answer on rows that the block goes on with.

        ``scaled`` are the rows as the main learner sees them, ``main`` its answer; ``known_classes`` is how many
        were known before the block, the same number for all of it.
        """
        views = self._views.add(batch, scaled)
        rows = slice(views.filled - len(batch), views.filled)
        _set_probabilities(self._main[rows], main)
        self._label[rows] = batch.y.numpy()
        mixed, unknown = self._mixed(views, known_classes)
        return _answer(mixed[rows], unknown=unknown[rows])

    def answer_new_keys(self, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return what would be said of rows if each came under a key that was never seen; changes nothing."""
        views, known = self._views.of_new_keys(scaled), max(known_classes, 1)
        of_main = np.zeros((len(scaled), self._classes), dtype=np.float32)
        _set_probabilities(of_main, main)
        _, experts = self._experts(views, of_main, unknown=np.zeros((len(scaled), known), dtype=np.bool_))
        mixed = experts @ self._mixture.weights.astype(np.float32)
        return _answer(mixed, unknown=np.full(mixed.shape, not known_classes))

    def answer_next(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return what would be said of each row if it came next, alone; changes nothing.

        The arguments are those of ``answer``; nothing is asked of the batch's labels.
        """
        views = self._views.of_next(scaled, batch.x.numpy().astype(np.float64), keys=batch.key.numpy())
        of_main = np.zeros((len(scaled), self._classes), dtype=np.float32)
        _set_probabilities(of_main, main)
        unknown = np.tile(self._unknown_next(known_classes), (len(scaled), 1))
        _, experts = self._experts(views, of_main, unknown=unknown)
        mixed = experts @ self._mixture.after(self._losses).astype(np.float32)
        mixed[unknown] = _UNKNOWN
        return _answer(mixed, unknown=unknown)

    def learn(self, *, fresh: NDArray[np.int64]) -> None:
        """Close the block: learn its rows, of which those with the numbers ``fresh`` are not held out."""
        views = self._now
        assert views is not None, "a block has rows"
        label = self._label[: views.filled]
        for member in self._members:
            member.learn(views, label, fresh=fresh)
        judged = np.flatnonzero(label < self._logs.shape[1])
        if len(judged):
            self._pools.learn(self._logs[judged], label[judged])
        self._mixture.learn(self._losses)
        self._views.learn()
        self._begin()

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned until the block that is open; its rows are answered again."""
        return {
            "views": self._views.state_dict(),
            "members": member_states(self._members),
            "pools": self._pools.state_dict(),
            "mixture": self._mixture.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of other members."""
        self._views.load_state_dict(state["views"])
        load_member_states(self._members, state["members"])
        self._pools.load_state_dict(state["pools"])
        self._mixture.load_state_dict(state["mixture"])

    def _begin(self) -> None:
        self._main = np.zeros((self._places, self._classes), dtype=np.float32)
        self._label = np.zeros(self._places, dtype=np.int64)
        self._now: Views | None = None
        self._logs = np.zeros((0, 1, 1), dtype=np.float32)
        self._losses = np.zeros((0, len(self.names)))

    def _mixed(self, views: Views, known: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the mixture's probabilities ``(places, sayable)`` of the block so far, and who could not be known.

        All of it is computed for all places, filled or not: sums of one shape always round alike. A class that
        appears in the block can be the answer from the next row on, if there is room for it.
        """
        unknown = self._unknown(known)
        logs, experts = self._experts(views, self._main, unknown=unknown)
        losses = self._losses_of(experts)
        self._now, self._logs, self._losses = views, logs[: views.filled], losses[: views.filled]
        mixed = np.einsum("pke,pe->pk", experts, self._mixture.within(losses).astype(np.float32))
        mixed[unknown] = _UNKNOWN
        return np.asarray(mixed), unknown

    def _experts(
        self, views: Views, main: NDArray[np.float32], *, unknown: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Return the logs of what the voices say, centred, and what all experts say ``(rows, sayable, experts)``.

        ``unknown`` ``(rows, sayable)`` are the classes that a row cannot be of.
        """
        sayable = unknown.shape[1]
        said = [main, *(voice for member in self._members for voice in member.predict(views))]
        given = np.stack([voice[:, :sayable] for voice in said], axis=2)
        given[unknown] = 0
        given /= np.maximum(given.sum(axis=1, keepdims=True), np.float32(1e-30))
        given = floored(given, classes=sayable)
        logs = np.log(given)
        logs -= logs.mean(axis=1, keepdims=True)
        return logs, np.concatenate([given, floored(self._pools.predict(logs), classes=sayable)], axis=2)

    def _unknown(self, known: int) -> NDArray[np.bool_]:
        """Return which classes nobody could know yet ``(places, sayable)``; a few new ones are sayable too."""
        sayable = self._sayable(known)
        seen = np.maximum.accumulate(np.append(known - 1, self._label[:-1])) + 1
        return np.asarray(np.arange(sayable)[None, :] >= seen[:, None])

    def _unknown_next(self, known: int) -> NDArray[np.bool_]:
        """Return which classes are not known to a row that comes after those of the block ``(sayable,)``."""
        filled = 0 if self._now is None else self._now.filled
        seen = max(known, int(self._label[:filled].max(initial=-1)) + 1)
        return np.asarray(np.arange(self._sayable(known)) >= seen)

    def _sayable(self, known: int) -> int:
        """Return how many classes can be the answer in a block before which so many were known."""
        return min(self._classes, max(known, 1) + max(2, known // 2))

    def _losses_of(self, experts: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log loss ``(places, experts)`` of what they say ``(places, sayable, experts)``."""
        sayable = experts.shape[1]
        right = experts[np.arange(self._places), np.minimum(self._label, sayable - 1)]
        # Nobody could say a class that was not known: it is the same loss for all.
        right[self._label >= sayable] = FLOOR / sayable
        return np.asarray(-np.log(right, dtype=np.float64))


def _set_probabilities(rows: NDArray[np.float32], main: Answer) -> None:
    """Set rows ``(rows, classes)`` to what the main learner says of the classes it knows; alike, if of none."""
    assert main.logits is not None, "its labels are classes"
    known = main.logits.shape[1]
    if known:
        rows[:, :known] = torch.softmax(main.logits, 1).numpy()
    else:
        rows[:] = 1 / rows.shape[1]


def _answer(probabilities: NDArray[np.float32], *, unknown: NDArray[np.bool_]) -> Answer:
    """Return the likeliest class of each row; none where all are ``unknown``."""
    value = np.where(unknown.all(axis=1), NO_CLASS, probabilities.argmax(1))
    return Answer(torch.from_numpy(value), logits=torch.from_numpy(np.log(probabilities)))
