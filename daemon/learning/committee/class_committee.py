"""The committee that answers with a class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.any_member import expert_names, load_member_states, member_states
from daemon.learning.committee.log_pools import MEMORIES, LogPools
from daemon.learning.committee.mixture import FixedShare
from daemon.learning.committee.probabilities import FLOOR, floored
from strategies.objective import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.member import Member
    from daemon.learning.committee.views import ClassViews, Views
    from strategies.batch import Batch


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
        known = max(known_classes, 1)
        rows = slice(views.filled - len(batch), views.filled)
        assert main.logits is not None, "its labels are classes"
        self._main[rows, :known] = torch.softmax(main.logits, 1).numpy()
        self._label[rows] = batch.y.numpy()
        mixed = self._mixed(views, known)[rows]
        return Answer(torch.from_numpy(mixed.argmax(1)), logits=torch.from_numpy(np.log(mixed)))

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
        self._main = np.zeros((self._places, self._classes))
        self._label = np.zeros(self._places, dtype=np.int64)
        self._now: Views | None = None
        self._logs = np.zeros((0, 1, 1))
        self._losses = np.zeros((0, len(self.names)))

    def _mixed(self, views: Views, known: int) -> NDArray[np.float64]:
        """Return the mixture's probabilities ``(places, sayable)`` of the whole block so far.

        All of it is computed for all places, filled or not: sums of one shape always round alike. A class that
        appears in the block can be the answer from the next row on, if there is room for it.
        """
        sayable = min(self._classes, known + max(2, known // 2))
        seen = np.maximum.accumulate(np.append(known - 1, self._label[:-1])) + 1
        unknown = np.arange(sayable)[None, :] >= seen[:, None]
        said = [self._main, *(voice for member in self._members for voice in member.predict(views))]
        given = np.stack([voice[:, :sayable] for voice in said], axis=2)
        given[unknown] = 0
        given = floored(given / np.maximum(given.sum(axis=1, keepdims=True), 1e-300), classes=sayable)
        logs = np.log(given)
        logs -= logs.mean(axis=1, keepdims=True)
        experts = np.concatenate([given, floored(self._pools.predict(logs), classes=sayable)], axis=2)
        # Nobody could say a class that was not known: it is the same loss for all.
        right = np.where(
            (self._label < sayable)[:, None],
            experts[np.arange(self._places), np.minimum(self._label, sayable - 1)],
            FLOOR / sayable,
        )
        losses = -np.log(right)
        self._now, self._logs, self._losses = views, logs[: views.filled], losses[: views.filled]
        mixed = np.einsum("pke,pe->pk", experts, self._mixture.within(losses))
        mixed[unknown] = 1e-12
        return np.asarray(mixed)
