"""Views of rows whose classes come later."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.key_memory import NONE
from daemon.learning.committee.later_class_keys import LaterClassKeys
from daemon.learning.committee.moves import Moves
from daemon.learning.committee.views import CLIP, ClassViews, Views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.committee.key_memory import Past
    from daemon.learning.committee.later_keys import HeardLabels
    from strategies.batch import Batch
    from strategies.row_holder import Gone

    Columns = dict[str, NDArray[Any]]


class LaterClassViews(ClassViews):
    """Makes the views of rows when they come, and the same again when they are learned.

    What is known of a key are the labels that have come, in the order in which they came.
    """

    def __init__(self, places: int, *, features: int, **options: Any) -> None:
        super().__init__(places, features=features, **options)
        self._features = features
        self._known = LaterClassKeys(features=features, code=self._code)
        self._gathered = Moves(self._moves, places=places, features=features)

    @property
    def blank(self) -> Columns:
        """The columns that ``of_rows`` needs, without rows."""
        return {
            "x": np.zeros((0, self._features), dtype=np.float32),
            "label": np.zeros((0, self.label_width), dtype=np.float32),
            "difference": np.zeros((0, self._features), dtype=np.float32),
            "last": np.zeros(0, dtype=np.int64),
            "key": np.zeros(0, dtype=np.int64),
        }

    def ask(self, batch: Batch, scaled: Tensor, *, start: int, heard: HeardLabels) -> Columns:
        """Return the columns of rows that come, which get to know the labels before each of them.

        ``scaled`` ``(rows, features)`` is as the main learner sees them, ``start`` their first place.
        """
        rows, keys = batch.x.numpy().astype(np.float64), batch.key.numpy()
        past = self._known.follow(keys, rows, heard)
        columns = {
            "x": scaled.clamp(-CLIP, CLIP).numpy(),
            "label": self._label_columns(past),
            "difference": self._in_sizes(past.difference),
            "last": past.label,
            "key": keys,
        }
        if len(rows):
            self._gathered.gather(past.difference, start=start, key=keys)
        return columns

    def of_rows(self, columns: Mapping[str, NDArray[Any]], *, start: int | None = None) -> Views:
        """Return the views of rows by their columns, in the places from ``start`` on.

        Without it they are a block to be learned, and only these are filled.
        """
        places = self._places if start is not None else len(columns["last"])
        start = start or 0
        difference = self._at(columns["difference"], start)
        last = np.full(places, NONE)
        last[start : start + len(columns["last"])] = columns["last"]
        x = self._at(columns["x"], start)
        return Views(
            filled=len(columns["last"]),
            x=x,
            label=self._at(columns["label"], start),
            difference=difference,
            narrow=self._narrow(x),
            narrow_difference=self._narrow(difference),
            last=torch.from_numpy(last),
            key=columns["key"],
        )

    def forget(self, gone: Gone) -> int:
        """Let what is known of keys go; return of how many: see ``RowHolder``."""
        self._gathered.forget(gone)
        return super().forget(gone) + self._known.forget(gone)

    def learn(self) -> None:
        """Nothing: rows and labels were taken in as they came."""

    def state_dict(self) -> dict[str, Any]:
        """Return what is known of keys, and of how rows change."""
        later = {"keys": self._known.state_dict(), "moves": self._gathered.state_dict()}
        return {**super().state_dict(), "later": later}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``KeyError`` where it is of labels in events."""
        super().load_state_dict(state)
        self._known.load_state_dict(state["later"]["keys"])
        self._gathered.load_state_dict(state["later"]["moves"])

    @property
    def known_keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``."""
        return self._known.keys

    def past_of_next(self, keys: NDArray[np.int64], rows: NDArray[np.float64]) -> Past:
        """Return what would be known if each row came next, alone, under its key ``(rows,)``; changes nothing."""
        return self._known.next(keys, rows=rows)

    def _at(self, rows: NDArray[np.float32], start: int) -> Tensor:
        padded = torch.zeros(self._places, rows.shape[1])
        padded[start : start + len(rows)] = torch.from_numpy(rows)
        return padded
