"""The committee that answers with a class which is told later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.class_committee import ClassCommittee, answer_of, set_probabilities
from daemon.learning.committee.class_graph import IMPOSSIBLE
from daemon.learning.committee.log_pools import MEMORIES
from daemon.learning.committee.mixture import joined
from daemon.learning.committee.probabilities import FLOOR, centred_logs, floored

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.later_class_views import LaterClassViews
    from daemon.learning.committee.later_keys import HeardLabels
    from daemon.learning.committee.member import Member
    from daemon.learning.committee.recollection import Remembered
    from strategies.batch import Batch
    from strategies.objective import Answer

    Columns = dict[str, NDArray[Any]]


class LaterClassCommittee(ClassCommittee):
    """Says what it says when a row comes; is told how good that was when its label comes.

    Weights are those of the labels that have come: each is judged by what the experts said on arrival. What is
    learned are the views of arrival.
    """

    def __init__(
        self, views: LaterClassViews, members: Sequence[Member], *, classes: int, places: int, share: float
    ) -> None:
        super().__init__(views, members, classes=classes, places=places, share=share)
        self._later = views

    @property
    def blank(self) -> Columns:
        """The columns of what ``ask`` returns, and of ``value``, without rows."""
        return {
            **self._later.blank,
            "experts": np.zeros((0, self._classes, len(self.names)), dtype=np.float32),
            "sayable": np.zeros(0, dtype=np.int64),
            "value": np.zeros(0, dtype=np.int64),
        }

    def ask(
        self,
        batch: Batch,
        scaled: Tensor,
        main: Answer | None,
        *,
        start: int,
        known_classes: int,
        seen: NDArray[np.int64],
        heard: HeardLabels,
    ) -> Columns:
        """Return the columns of rows that come: their views, and what all experts say ``(classes, experts)``.

        ``main`` is what the main learner says, None where there are no rows. ``seen`` ``(rows,)`` are how many
        classes each row could know, ``known_classes`` how many the main learner does.
        """
        columns = self._later.ask(batch, scaled, start=start, heard=heard)
        experts = np.zeros((len(batch), self._classes, len(self.names)), dtype=np.float32)
        sayable = self._sayable(known_classes)
        if main is not None:
            rows = slice(start, start + len(batch))
            of_main = np.zeros((self._classes, self._places), dtype=np.float32)
            set_probabilities(of_main[:, rows], main)
            views = self._later.of_rows(columns, start=start)
            unknown = np.zeros((sayable, self._places), dtype=np.bool_)
            unknown[:, rows] = np.arange(sayable)[:, None] >= seen
            _, said = self._pools.experts(self._voices(views, of_main, unknown=unknown))
            experts[:, :sayable] = said[:, :, rows].T
        return {**columns, "experts": experts, "sayable": np.full(len(batch), sayable)}

    def hear(
        self, columns: Columns, label: NDArray[np.int64], *, overlap: NDArray[np.int64]
    ) -> NDArray[np.float64]:
        """Judge rows whose labels have come: see ``LaterCommittee``."""
        rows, sayable = np.arange(len(label)), columns["sayable"]
        right = columns["experts"][rows, label].astype(np.float64)
        # Nobody could say a class that was not known: it is the same loss for all.
        right[label >= sayable] = (FLOOR / np.maximum(sayable, 1))[label >= sayable, None]
        losses = -np.log(np.maximum(right, FLOOR / self._classes)) / overlap[:, None]
        self._events_heard += float((1 / overlap).sum())
        before = self._labels_heard
        self._label[before : before + len(label)] = label
        self._losses = joined(self._losses, losses.T)
        return self._mixture.within(np.column_stack([self._losses, np.zeros(len(self.names))])).T[before:]

    def mix(self, columns: Columns, weights: NDArray[np.float64], *, start: int, seen: NDArray[np.int64]) -> Answer:
        """Return the answer on rows that have come, by weights ``(rows, experts)``."""
        rows = slice(start, start + len(seen))
        experts = np.zeros((self._places, self._classes, len(self.names)), dtype=np.float32)
        experts[rows] = columns["experts"]
        believed = np.zeros((self._places, len(self.names)), dtype=np.float32)
        believed[rows] = weights
        width = int(columns["sayable"].max(initial=1))
        said = np.einsum("pke,pe->kp", experts, believed)[:width, rows]
        unknown = np.arange(width)[:, None] >= seen
        said[unknown] = IMPOSSIBLE
        return answer_of(said, unknown=unknown)

    def learn_rows(
        self,
        columns: Columns,
        label: NDArray[np.int64],
        *,
        fresh: NDArray[np.int64],
        remembered: Remembered | None = None,
    ) -> None:
        """Learn a block of rows whose labels have come: see ``LaterCommittee``."""
        if remembered is not None:
            # The main learner's is the first of the voices.
            x, main = torch.from_numpy(columns["x"]), columns["experts"][:, :, 0].T
            self._review(x, main, label, remembered, key=columns["key"])
        views = self._later.of_rows(columns)
        for member in self._members:
            member.learn(views, label, fresh=fresh)
        sayable = max(1, int(columns["sayable"].max()))
        judged = np.flatnonzero(label < columns["sayable"])
        if len(judged):
            self._pools.learn(self._logs_of(columns["experts"][judged], sayable), label[judged])
        self._mixture.learn(self._losses, events=self._events_heard)
        self._begin()

    def _begin(self) -> None:
        super()._begin()
        self._events_heard = 0.0
        """As how many events the rows of the open block count."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; what waits in the block is to be heard again."""
        super().load_state_dict(state)
        self._begin()

    @property
    def _labels_heard(self) -> int:
        return self._losses.shape[1]

    def _logs_of(self, experts: NDArray[np.float32], sayable: int) -> NDArray[np.float32]:
        """Return the logs of what the voices said ``(voices, sayable, rows)``, centred."""
        voices = experts[:, :sayable, : len(self.names) - len(MEMORIES)]
        return centred_logs(floored(voices.T))
