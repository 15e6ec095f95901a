"""The committee that answers with a number which is told later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.fading_scale import LARGEST, WILD
from daemon.learning.committee.mixture import joined
from daemon.learning.committee.number_committee import NumberCommittee, answer_of
from daemon.learning.committee.number_pools import MEMORIES
from daemon.learning.committee.number_views import in_units

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.later_keys import HeardLabels
    from daemon.learning.committee.later_number_views import LaterNumberViews
    from daemon.learning.committee.number_member import NumberMember
    from daemon.learning.committee.recollection import Remembered
    from strategies.batch import Batch
    from strategies.objective import Answer

    Floats = NDArray[np.float64]
    Columns = dict[str, NDArray[Any]]


class LaterNumberCommittee(NumberCommittee):
    """Says what it says when a row comes; is told how good that was when its label comes.

    Weights are those of the labels that have come: each is judged by what the experts said on arrival. What is
    learned are the views of arrival.
    """

    _heard_experts: Floats
    """What experts have said of the rows of the open block ``(experts, rows)``, in units."""
    _heard_truth: Floats
    """Their labels ``(rows,)``, in the same."""
    _heard_judged: NDArray[np.bool_]
    _heard_overlap: NDArray[np.int64]

    def __init__(
        self, views: LaterNumberViews, members: Sequence[NumberMember], *, places: int, share: float
    ) -> None:
        super().__init__(views, members, places=places, share=share)
        self._later = views
        self._begin()

    @property
    def blank(self) -> Columns:
        """The columns of what ``ask`` returns, and of ``value``, without rows."""
        return {
            **self._later.blank,
            "experts": np.zeros((0, len(self.names))),
            "value": np.zeros(0, dtype=np.float32),
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
        """Return the columns of rows that come: their views, and what experts say, in units from the last label.

        ``main`` is what the main learner says, None where there are no rows; classes say nothing.
        """
        del known_classes, seen
        columns = self._later.ask(batch, scaled, start=start, heard=heard)
        experts = np.zeros((len(batch), len(self.names)))
        if main is not None:
            rows = slice(start, start + len(batch))
            of_main = np.zeros(self._places)
            of_main[rows] = main.value.numpy()
            _, said = self._said(self._later.of_rows(columns, start=start), of_main)
            experts = said[:, rows].T
        return {**columns, "experts": experts}

    def hear(self, columns: Columns, label: NDArray[Any], *, overlap: NDArray[np.int64]) -> Floats:
        """Judge rows whose labels have come: see ``LaterCommittee``."""
        before = len(self._heard_truth)
        truth, judged = self._judged(columns, label)
        self._heard_experts = joined(self._heard_experts, columns["experts"].T)
        self._heard_truth = np.append(self._heard_truth, truth)
        self._heard_judged = np.append(self._heard_judged, judged)
        self._heard_overlap = np.append(self._heard_overlap, overlap)
        losses = np.column_stack([self._heard_losses(), np.zeros(len(self.names))])
        return self._share.within(losses).T[before:]

    def mix(self, columns: Columns, weights: Floats, *, start: int, seen: NDArray[np.int64]) -> Answer:
        """Return the answer on rows that have come, by weights ``(rows, experts)``."""
        rows = slice(start, start + len(seen))
        experts, believed = np.zeros((2, self._places, len(self.names)))
        experts[rows], believed[rows] = columns["experts"], weights
        mixed = np.einsum("pe,pe->p", experts, believed)[rows]
        return answer_of(columns["last"] + columns["unit"] * mixed, begun=columns["begun"])

    def learn_rows(
        self,
        columns: Columns,
        label: NDArray[Any],
        *,
        fresh: NDArray[np.int64],
        remembered: Remembered | None = None,
    ) -> None:
        """Learn a block of rows whose labels have come: see ``LaterCommittee``."""
        views = self._later.of_rows(columns, label=label)
        if remembered is not None:
            rows = np.flatnonzero(np.abs(label) <= LARGEST)
            # The main learner's is the first of the voices, told from the last label.
            main = columns["last"] + columns["unit"] * columns["experts"][:, 0]
            x, key = torch.from_numpy(columns["x"][rows]), columns["key"][rows]
            self._review(x, main[rows], label[rows], remembered, key=key)
        for member in self._members:
            member.learn(views, fresh=fresh[views.usable[fresh]])
        judged = np.flatnonzero(self._heard_judged)
        if len(judged):
            voices = len(self.names) - len(MEMORIES)
            self._pools.learn(self._heard_experts[:voices, judged], self._heard_truth[judged])
        self._share.learn(
            self._heard_experts, self._heard_truth, judged=self._heard_judged, overlap=self._heard_overlap
        )
        self._later.learn_rows(columns, label)
        self._begin()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; what waits in the block is to be heard again."""
        super().load_state_dict(state)
        self._begin()

    def _begin(self) -> None:
        self._heard_experts = np.zeros((len(self.names), 0))
        self._heard_truth, self._heard_judged = np.zeros(0), np.zeros(0, dtype=np.bool_)
        self._heard_overlap = np.zeros(0, dtype=np.int64)

    def _weights_next(self) -> Floats:
        return self._share.after(self._heard_losses())

    def _heard_losses(self) -> Floats:
        """Return what the open block has cost the experts so far ``(experts, rows)``."""
        return self._share.losses(
            self._heard_experts, self._heard_truth, self._heard_judged, overlap=self._heard_overlap
        )

    @staticmethod
    def _judged(columns: Columns, label: NDArray[Any]) -> tuple[Floats, NDArray[np.bool_]]:
        """Return the labels in units from the last ones, and which can be compared with what was said."""
        usable = np.abs(label) <= LARGEST
        distance = np.where(usable, label, 0.0).astype(np.float64) - columns["last"]
        return in_units(distance, columns["unit"], limit=WILD), usable & columns["begun"]
