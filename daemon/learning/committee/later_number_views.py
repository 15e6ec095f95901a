"""Views of rows whose numbers come later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.fading_scale import LARGEST
from daemon.learning.committee.later_number_keys import LaterNumberKeys
from daemon.learning.committee.moves import Moves
from daemon.learning.committee.number_view_maker import NumberViewMaker
from daemon.learning.committee.number_views import NumberViews, in_units
from daemon.learning.committee.views import CLIP

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.later_keys import HeardLabels
    from daemon.learning.committee.number_history import NumberPast
    from strategies.batch import Batch
    from strategies.row_holder import Gone

    Columns = dict[str, NDArray[Any]]


class LaterNumberViews(NumberViewMaker):
    """Makes the views of rows when they come, and the same again when they are learned.

    What is known of a key are the labels that have come, in the order in which they came.
    """

    def __init__(self, places: int, *, features: int, **options: Any) -> None:
        super().__init__(places, features=features, **options)
        self._features = features
        self._known = LaterNumberKeys(features=features)
        self._gathered = Moves(self._moves, places=places, features=features)

    @property
    def blank(self) -> Columns:
        """The columns that ``of_rows`` needs, without rows."""
        return {
            "x": np.zeros((0, self._features), dtype=np.float32),
            "history": np.zeros((0, self.history_width), dtype=np.float32),
            **{name: np.zeros(0) for name in ("last", "unit")},
            "key": np.zeros(0, dtype=np.int64),
            **{name: np.zeros(0, dtype=np.bool_) for name in ("begun", "known")},
        }

    def ask(self, batch: Batch, scaled: Tensor, *, start: int, heard: HeardLabels) -> Columns:
        """Return the columns of rows that come, which get to know the labels before each of them.

        ``scaled`` ``(rows, features)`` is as the main learner sees them, ``start`` their first place.
        """
        rows, keys = batch.x.numpy().astype(np.float64), batch.key.numpy()
        past = self._known.follow(keys, rows, heard)
        before = self._known.newest_before
        newest = np.array([label or 0.0 for label in before], dtype=np.float64)
        begun = np.array([label is not None for label in before], dtype=np.bool_)
        columns = self._columns(past, scaled, newest=newest, begun=begun, start=start)
        if len(rows):
            self._gathered.gather(past.difference, start=start, key=keys)
        return {**columns, "key": keys}

    def of_rows(
        self, columns: Mapping[str, NDArray[Any]], *, label: NDArray[np.float64] | None = None, start: int = 0
    ) -> NumberViews:
        """Return the views of rows by their columns, in the places from ``start`` on, with labels ``(rows,)``."""
        rows = len(columns["last"])
        told = np.zeros(rows) if label is None else label.astype(np.float64)
        usable = np.abs(told) <= LARGEST if label is not None else np.zeros(rows, dtype=np.bool_)
        x = self._at(columns["x"], start)
        return NumberViews(
            filled=rows,
            x=x,
            narrow=self._narrow(x),
            history=self._at(columns["history"], start),
            label=self._column(np.where(usable, told, 0.0), start),
            usable=self._column(usable, start) > 0,
            last=self._column(columns["last"], start),
            unit=self._column(columns["unit"], start),
            begun=self._column(columns["begun"], start) > 0,
            mean=self._level.mean,
            deviation=self._level.deviation,
            key=columns["key"],
        )

    def forget(self, gone: Gone) -> int:
        """Let what is known of keys go, and the label that came last; return of how many: see ``RowHolder``."""
        self._gathered.forget(gone)
        return super().forget(gone) + self._known.forget(gone)

    def learn_rows(self, columns: Mapping[str, NDArray[Any]], label: NDArray[np.float64]) -> None:
        """Take the labels of a block ``(rows,)`` into the scales."""
        usable = np.abs(label) <= LARGEST
        self._level.absorb(label[usable].astype(np.float64))
        self._increment.absorb((label - columns["last"])[usable & columns["known"], None])

    def state_dict(self) -> dict[str, Any]:
        """Return what is known of keys, and of how rows change."""
        later = {
            "keys": self._known.state_dict(),
            "moves": self._gathered.state_dict(),
            "newest": self._known.newest,
        }
        return {**super().state_dict(), "later": later}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``KeyError`` where it is of labels in events."""
        super().load_state_dict(state)
        self._known.load_state_dict(state["later"]["keys"])
        self._gathered.load_state_dict(state["later"]["moves"])
        self._known.newest = state["later"]["newest"]

    def _columns(
        self,
        past: NumberPast,
        scaled: Tensor,
        *,
        newest: NDArray[np.float64],
        begun: NDArray[np.bool_],
        start: int,
    ) -> Columns:
        level, sizes = self._level, np.where(self._flags, 1.0, self._moves.now)
        moves = self._at(in_units(past.difference, sizes, limit=CLIP).astype(np.float32), start)
        rows = slice(start, start + len(newest))
        history = [self._narrow(moves)[rows].numpy(), self._of_labels(past).astype(np.float32)]
        otherwise = np.full(len(newest), level.mean) if level.known else newest
        return {
            "x": scaled.clamp(-CLIP, CLIP).numpy(),
            "history": np.concatenate(history, axis=1),
            "last": np.where(past.known, past.labels[:, 0], otherwise),
            "unit": np.where(past.known, self._increment.now[0], level.deviation),
            "begun": begun | level.known,
            "known": past.known,
        }

    @property
    def known_keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``."""
        return self._known.keys

    def past_of_next(self, keys: NDArray[np.int64], rows: NDArray[np.float64]) -> NumberPast:
        """Return what would be known if each row came next, alone, under its key ``(rows,)``; changes nothing."""
        return self._known.next(keys, rows=rows)

    def _newest_label(self) -> tuple[float, bool]:
        return self._known.newest or 0.0, self._known.newest is not None

    def _at(self, rows: NDArray[np.float32], start: int) -> Tensor:
        padded = torch.zeros(self._places, rows.shape[1])
        padded[start : start + len(rows)] = torch.from_numpy(rows)
        return padded

    def _column(self, column: NDArray[Any], start: int) -> NDArray[np.float64]:
        padded = np.zeros(self._places)
        padded[start : start + len(column)] = column
        return padded
