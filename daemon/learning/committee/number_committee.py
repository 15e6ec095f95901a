"""The committee that answers with a number."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.any_member import expert_names, load_member_states, member_states
from daemon.learning.committee.fading_scale import LARGEST, WILD
from daemon.learning.committee.number_graph import NumberGraph
from daemon.learning.committee.number_pools import MEMORIES, NumberPools
from daemon.learning.committee.number_share import NumberShare
from daemon.learning.committee.number_trust import NumberTrust
from daemon.learning.committee.number_views import in_units
from daemon.learning.committee.recall import Recall, Review
from strategies.objective import Answer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.number_member import NumberMember
    from daemon.learning.committee.number_view_maker import NumberViewMaker
    from daemon.learning.committee.number_views import NumberViews
    from daemon.learning.committee.recollection import Remembered
    from strategies.batch import Batch
    from strategies.row_holder import Gone


class NumberCommittee:
    """Mixes the numbers of the main learner, of the members and of pools of them all.

    Everything that learns does so when a block is closed. Within a block each row knows the labels of the rows
    before it, and so do the weights. What is said counts as its distance from the key's last label, in running
    units and at most ``WILD`` of them: an expert that is hardly believed can't do harm, however absurd. Before
    there is a unit, everybody says the last label; before there is a label, nobody says anything.
    """

    def __init__(
        self, views: NumberViewMaker, members: Sequence[NumberMember], *, places: int, share: float
    ) -> None:
        self.names = expert_names(members, memories=MEMORIES)
        """Of all experts, in the order of their weights."""
        self._views = views
        self._members = members
        self._places = places
        voices = len(self.names) - len(MEMORIES)
        self._pools = NumberPools(voices)
        self._share = NumberShare(len(self.names), share=share)
        self._recall = Recall(partial(NumberTrust, voices, share=share), width=views.narrow_width)
        self._main = np.zeros(places)
        self._now: NumberViews | None = None
        self._offsets = self._experts = np.zeros((0, 0))

    @property
    def weights(self) -> dict[str, float]:
        """How much each expert is believed, by its name; they add up to 1."""
        return dict(zip(self.names, self._share.weights.tolist(), strict=True))

    def answer(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return the mixture's answer on rows that the block goes on with.

        ``scaled`` are the rows as the main learner sees them, ``main`` its answer; ``known_classes`` says nothing.
        """
        views = self._views.add(batch, scaled)
        rows = slice(views.filled - len(batch), views.filled)
        self._main[rows] = main.value.numpy()
        # All places, filled or not: sums of one shape always round alike.
        offsets, experts = self._said(views, self._main)
        self._now, self._offsets, self._experts = views, offsets, experts
        mixed = self._share.mixed(experts, self._truth(views), judged=views.judged)
        return answer_of((views.last + views.unit * mixed)[rows], begun=views.begun[rows])

    def answer_new_keys(self, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return what would be said of rows if each came under a key that was never seen; changes nothing."""
        views = self._views.of_new_keys(scaled)
        voices, experts = self._said(views, main.value.numpy().astype(np.float64))
        begun = self._recall.begun
        mixed = self._recall.answer(_inputs(views), voices) if begun else self._share.weights @ experts
        return answer_of(views.last + views.unit * mixed, begun=views.begun)

    def answer_next(self, batch: Batch, scaled: Tensor, main: Answer, *, known_classes: int) -> Answer:
        """Return what would be said of each row if it came next, alone; changes nothing.

        The arguments are those of ``answer``; nothing is asked of the batch's labels.
        """
        views = self._views.of_next(scaled, batch.x.numpy().astype(np.float64), keys=batch.key.numpy())
        _, experts = self._said(views, main.value.numpy().astype(np.float64))
        return answer_of(views.last + views.unit * (self._weights_next() @ experts), begun=views.begun)

    def graph(self, *, known_classes: int) -> NumberGraph:
        """Return ``answer_next`` as a graph of operations, as of now; ``known_classes`` says nothing."""
        del known_classes
        return NumberGraph(self._views, self._members, pools=self._pools.weights, weights=self._weights_next())

    def learn(self, *, fresh: NDArray[np.int64], remembered: Remembered | None = None) -> None:
        """Close the block: learn its rows, of which those with the numbers ``fresh`` are not held out.

        Whom to believe about rows without a past is learned where ``remembered`` ones are given.
        """
        views = self._now
        assert views is not None, "a block has rows"
        if remembered is not None:
            rows = np.flatnonzero(views.usable)
            self._review(views.x[rows], self._main[rows], views.label[rows], remembered, key=views.key[rows])
        for member in self._members:
            member.learn(views, fresh=fresh[views.usable[fresh]])
        truth, filled = self._truth(views), slice(0, views.filled)
        judged = np.flatnonzero(views.judged)
        if len(judged):
            self._pools.learn(self._offsets[:, judged], truth[judged])
        self._share.learn(self._experts[:, filled], truth[filled], judged=views.judged[filled])
        self._views.learn()
        self._main[filled], self._now = 0, None

    def forget(self, gone: Gone) -> int:
        """Let rows go, while no block is open; return how many, or of how many keys: see ``RowHolder``."""
        return self._views.forget(gone) + self._recall.forget(gone)

    def state_dict(self) -> dict[str, Any]:
        """Return what was learned until the block that is open; its rows are answered again."""
        return {
            "views": self._views.state_dict(),
            "members": member_states(self._members),
            "pools": self._pools.state_dict(),
            "share": self._share.state_dict(),
            "recall": self._recall.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` or ``KeyError`` where it is of other members."""
        self._views.load_state_dict(state["views"])
        load_member_states(self._members, state["members"])
        self._pools.load_state_dict(state["pools"])
        self._share.load_state_dict(state["share"])
        if state["recall"]:
            self._recall.load_state_dict(state["recall"])

    def _review(
        self,
        x: Tensor,
        main: NDArray[np.float64],
        label: NDArray[np.float64],
        remembered: Remembered,
        *,
        key: NDArray[np.int64],
    ) -> None:
        """Learn whom to believe about rows without a past: from remembered ones, and from as many of a block.

        Of the block there are the rows with usable labels: ``x`` as the main learner sees it, what that has said
        ``(rows,)``, and the labels.
        """
        some = np.arange(len(x))[:: max(1, len(x) // len(remembered))]
        usable = np.flatnonzero(np.abs(remembered.label) <= LARGEST)
        reviewed = self._views.of_new_keys(torch.cat([x[some], remembered.scaled[usable]]))
        voices, _ = self._said(reviewed, np.append(main[some], remembered.main.value.numpy()[usable]))
        truth = np.append(label[some], remembered.label[usable])
        truth = in_units(truth - reviewed.last, reviewed.unit, limit=WILD)
        if len(some) and len(usable) and reviewed.begun.all():
            review = Review(_inputs(reviewed), voices=voices, truth=truth, key=key[some])
            self._recall.learn(review, new=len(some))

    def _said(
        self, views: NumberViews, main: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how far from the last label the voices are ``(voices, rows)``, and all experts, in units."""
        said = [main, *(value for member in self._members for value in member.predict(views))]
        offsets = in_units(np.stack(said) - views.last, views.unit, limit=WILD)
        return offsets, self._pools.experts(offsets)

    def _weights_next(self) -> NDArray[np.float64]:
        """Return how much each expert is believed by a row that comes after those of the block."""
        if self._now is None:
            return self._share.weights
        rows = slice(0, self._now.filled)
        truth, judged = self._truth(self._now)[rows], self._now.judged[rows]
        return self._share.after(self._share.losses(self._experts[:, rows], truth, judged))

    @staticmethod
    def _truth(views: NumberViews) -> NDArray[np.float64]:
        return in_units(views.label - views.last, views.unit, limit=WILD)


def _inputs(views: NumberViews) -> NDArray[np.float64]:
    return views.narrow.numpy().astype(np.float64)


def answer_of(values: NDArray[np.float64], *, begun: NDArray[np.bool_]) -> Answer:
    """Return the values; none of a row before which there was no label."""
    return Answer(torch.from_numpy(np.where(begun, values, np.nan).astype(np.float32)))
