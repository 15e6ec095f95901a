"""The committee that answers with a class."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.any_member import expert_names, load_member_states, member_states
from daemon.learning.committee.class_graph import IMPOSSIBLE, ClassGraph
from daemon.learning.committee.class_trust import ClassTrust
from daemon.learning.committee.log_pools import MEMORIES, LogPools
from daemon.learning.committee.mixture import FixedShare
from daemon.learning.committee.neighbours import Neighbours
from daemon.learning.committee.probabilities import (
    FLOOR,
    columns_of,
    floored,
    mixed,
    of_classes,
    softmax,
)
from daemon.learning.committee.recall import Recall, Review
from strategies.objective import NO_CLASS, Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.member import Member
    from daemon.learning.committee.recollection import Remembered
    from daemon.learning.committee.views import ClassViews, Views
    from strategies.batch import Batch
    from strategies.row_holder import Gone, RowHolder


_SHARE_OF_ROWS_ALONE = 0.0005
"""Dealt out after each row without a past: who knows of those changes more slowly than who is right lately."""


class ClassCommittee:
    """Mixes the probabilities of the main learner, of the members and of pools of them all.

    Everything that learns does so when a block is closed. Within a block each row knows the labels of the rows
    before it, and so do the weights. Only classes that have been seen can be the answer. Whom to believe about rows
    without a past is learned apart: see ``Recall``.
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
        voices = len(self.names) - len(MEMORIES)
        self._pools = LogPools(voices)
        self._mixture = FixedShare(len(self.names), share=share)
        self._recall = Recall(partial(ClassTrust, voices, share=_SHARE_OF_ROWS_ALONE), width=views.narrow_width)
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
        set_probabilities(self._main[:, rows], main)
        self._label[rows] = batch.y.numpy()
        said, unknown = self._mixed(views, known_classes)
        return answer_of(said[:, rows], unknown=unknown[:, rows])

    def answer_new_keys(self, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return what would be said of rows if each came under a key that was never seen; changes nothing."""
        x, voices = self._of_new_keys(scaled, self._probabilities(main), known=known_classes)
        if self._recall.begun:
            said = self._recall.answer(x, voices)
        else:
            _, experts = self._pools.experts(voices)
            said = mixed(experts, self._mixture.weights)
        return answer_of(said, unknown=np.full(said.shape, not known_classes))

    def answer_next(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return what would be said of each row if it came next, alone; changes nothing.

        The arguments are those of ``answer``; nothing is asked of the batch's labels.
        """
        views = self._views.of_next(scaled, batch.x.numpy().astype(np.float64), keys=batch.key.numpy())
        unknown = np.repeat(self._unknown_next(known_classes)[:, None], len(scaled), axis=1)
        _, experts = self._pools.experts(self._voices(views, self._probabilities(main), unknown=unknown))
        said = mixed(experts, self._mixture.after(self._losses))
        said[unknown] = IMPOSSIBLE
        return answer_of(said, unknown=unknown)

    def graph(self, *, known_classes: int) -> ClassGraph:
        """Return ``answer_next`` as a graph of operations, as of now."""
        return ClassGraph(
            self._views,
            self._members,
            pools=self._pools.weights,
            weights=self._mixture.after(self._losses),
            unknown=self._unknown_next(known_classes),
            classes=self._classes,
        )

    def learn(self, *, fresh: NDArray[np.int64], remembered: Remembered | None = None) -> None:
        """Close the block: learn its rows, of which those with the numbers ``fresh`` are not held out.

        Whom to believe about rows without a past is learned where ``remembered`` ones are given.
        """
        views = self._now
        assert views is not None, "a block has rows"
        label = self._label[: views.filled]
        if remembered is not None:
            self._review(views.x[: views.filled], self._main[:, : views.filled], label, remembered, key=views.key)
        for member in self._members:
            member.learn(views, label, fresh=fresh)
        judged = np.flatnonzero(label < self._logs.shape[1])
        if len(judged):
            self._pools.learn(self._logs[:, :, judged], label[judged])
        self._mixture.learn(self._losses)
        self._views.learn()
        self._begin()

    def forget(self, gone: Gone) -> int:
        """Let rows go, while no block is open; return how many, or of how many keys: see ``RowHolder``."""
        neighbours = [each for each in self._members if isinstance(each, Neighbours)]
        holders: list[RowHolder] = [self._views, self._recall, *neighbours]
        return sum(each.forget(gone) for each in holders)

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned until the block that is open; its rows are answered again."""
        return {
            "views": self._views.state_dict(),
            "members": member_states(self._members),
            "pools": self._pools.state_dict(),
            "mixture": self._mixture.state_dict(),
            "recall": self._recall.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of other members."""
        self._views.load_state_dict(state["views"])
        load_member_states(self._members, state["members"])
        self._pools.load_state_dict(state["pools"])
        self._mixture.load_state_dict(state["mixture"])
        if state["recall"]:
            self._recall.load_state_dict(state["recall"])

    def _begin(self) -> None:
        self._main = np.zeros((self._classes, self._places), dtype=np.float32)
        self._label = np.zeros(self._places, dtype=np.int64)
        self._now: Views | None = None
        self._logs = np.zeros((1, 1, 0), dtype=np.float32)
        self._losses = np.zeros((len(self.names), 0))

    def _mixed(self, views: Views, known: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """Return the mixture's probabilities ``(sayable, places)`` of the block so far, and who could not be known.

        All of it is computed for all places, filled or not: sums of one shape always round alike. A class that
        appears in the block can be the answer from the next row on, if there is room for it.
        """
        unknown = self._unknown(known)
        logs, experts = self._pools.experts(self._voices(views, self._main, unknown=unknown))
        losses = self._losses_of(experts)
        filled = slice(0, views.filled)
        self._now, self._logs, self._losses = views, logs[:, :, filled], losses[:, filled]
        believed = self._mixture.within(losses).astype(np.float32)
        said = np.einsum("ekp,ep->kp", experts, believed)
        said[unknown] = IMPOSSIBLE
        return np.asarray(said), unknown

    def _review(
        self,
        x: Tensor,
        main: NDArray[np.float32],
        label: NDArray[np.int64],
        remembered: Remembered,
        *,
        key: NDArray[np.int64],
    ) -> None:
        """Learn whom to believe about rows without a past: from remembered ones, and from as many of a block.

        Of the block there are ``x`` as the main learner sees it, and what that has said ``(classes, rows)``.
        """
        some = np.arange(len(x))[:: max(1, len(x) // len(remembered))]
        scaled = torch.cat([x[some], remembered.scaled])
        main = np.concatenate([main[:, some], self._probabilities(remembered.main)], axis=1)
        inputs, voices = self._of_new_keys(scaled, main, known=remembered.known_classes)
        self._recall.learn(
            Review(inputs, voices=voices, truth=np.append(label[some], remembered.label), key=key[some]),
            new=len(some),
        )

    def _of_new_keys(
        self, scaled: Tensor, main: NDArray[np.float32], *, known: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
        """Return rows under keys that were never seen, and what the voices say of each: see ``Review``."""
        views, sayable = self._views.of_new_keys(scaled), max(known, 1)
        voices = self._voices(views, main, unknown=np.zeros((sayable, len(scaled)), dtype=np.bool_))
        return views.narrow.numpy().astype(np.float64), voices

    def _probabilities(self, main: Answer) -> NDArray[np.float32]:
        probabilities = np.zeros((self._classes, len(main.value)), dtype=np.float32)
        set_probabilities(probabilities, main)
        return probabilities

    def _voices(
        self, views: Views, main: NDArray[np.float32], *, unknown: NDArray[np.bool_]
    ) -> NDArray[np.float32]:
        """Return what main learner and members say ``(voices, sayable, rows)``.

        ``unknown`` ``(sayable, rows)`` are the classes that a row cannot be of.
        """
        sayable = len(unknown)
        said = [main, *(voice.numpy() for member in self._members for voice in member.predict(views))]
        given = np.stack([voice[:sayable] for voice in said])
        given[:, unknown] = 0
        return floored(given)

    def _unknown(self, known: int) -> NDArray[np.bool_]:
        """Return which classes nobody could know yet ``(sayable, places)``; a few new ones are sayable too."""
        sayable = self._sayable(known)
        seen = np.maximum.accumulate(np.append(known - 1, self._label[:-1])) + 1
        return np.asarray(np.arange(sayable)[:, None] >= seen)

    @property
    def _labels_heard(self) -> int:
        """How many rows of the open block have shown their labels."""
        return 0 if self._now is None else self._now.filled

    def _unknown_next(self, known: int) -> NDArray[np.bool_]:
        """Return which classes are not known to a row that comes after those of the block ``(sayable,)``."""
        seen = max(known, int(self._label[: self._labels_heard].max(initial=-1)) + 1)
        return np.asarray(np.arange(self._sayable(known)) >= seen)

    def _sayable(self, known: int) -> int:
        """Return how many classes can be the answer in a block before which so many were known."""
        return min(self._classes, max(known, 1) + max(2, known // 2))

    def _losses_of(self, experts: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the log loss ``(experts, places)`` of what they say ``(experts, sayable, places)``."""
        sayable = experts.shape[1]
        right = of_classes(experts, np.minimum(self._label, sayable - 1))
        # Nobody could say a class that was not known: it is the same loss for all.
        right[:, self._label >= sayable] = FLOOR / sayable
        return np.asarray(-np.log(right, dtype=np.float64))


def set_probabilities(rows: NDArray[np.float32], main: Answer) -> None:
    """Set rows ``(classes, rows)`` to what the main learner says of the classes it knows; alike, if of none."""
    assert main.logits is not None, "its labels are classes"
    known = main.logits.shape[1]
    if known:
        rows[:known] = softmax(columns_of(main.logits))
    else:
        rows[:] = 1 / len(rows)


def answer_of(probabilities: NDArray[np.float32], *, unknown: NDArray[np.bool_]) -> Answer:
    """Return the likeliest class of each row of ``(classes, rows)``; none where all are ``unknown``."""
    value = np.where(unknown.all(axis=0), NO_CLASS, probabilities.argmax(axis=0))
    return Answer(torch.from_numpy(value), logits=torch.from_numpy(np.log(probabilities.T, order="C")))
