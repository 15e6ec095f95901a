"""What is known of keys whose numbers come later: the latest ones, and the last row."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from daemon.intake.later.found import in_turn
from daemon.learning.committee.fading_scale import LARGEST
from daemon.learning.committee.later_keys import LaterKeys
from daemon.learning.committee.number_history import LAGS, NumberPast

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.learning.committee.later_keys import HeardLabels
    from strategies.row_holder import Gone


class LaterNumberKeys(LaterKeys):
    """Knows of each key the rows and the labels that have come, each in its order; a wild label is never known.

    The label that came last, under whatever key, is no part of the state.

    >>> from daemon.learning.committee.later_keys import HeardLabels
    >>> keys = LaterNumberKeys(features=1)
    >>> heard = HeardLabels(key=np.array([7]), label=np.array([3.5]), before=np.array([1]))
    >>> past = keys.follow(np.array([7, 7]), np.array([[2.0], [5.0]]), heard)
    >>> past.known.tolist(), past.labels[1, :2].tolist(), past.difference.tolist()
    ([False, True], [3.5, 3.5], [[0.0], [3.0]])
    """

    def __init__(self, *, features: int) -> None:
        super().__init__(
            {
                "met": np.zeros(1, dtype=np.bool_),
                "row": np.zeros((1, features)),
                "count": np.zeros(1, dtype=np.int64),
                "labels": np.zeros((1, LAGS)),
            }
        )
        self.newest: float | None = None
        """The label that came last, under whatever key."""
        self.newest_before: list[float | None] = []
        """The same before each of the rows that were followed last."""

    def follow(self, keys: NDArray[np.int64], rows: NDArray[np.float64], heard: HeardLabels) -> NumberPast:
        """Return what is known before each of the rows ``(rows, features)`` that come; remember rows and labels."""
        known, lagged = np.zeros(len(rows), dtype=np.bool_), np.zeros((len(rows), LAGS))
        difference, hashes = np.zeros(rows.shape), keys.tolist()
        self.newest_before = []
        for row in in_turn(heard.before, events=len(rows), hear=partial(self._hear, heard)):
            slot, of = self.slot(hashes[row]), self.arrays
            known[row], lagged[row] = of["count"][slot] > 0, of["labels"][slot]
            self.newest_before.append(self.newest)
            if of["met"][slot]:
                difference[row] = rows[row] - of["row"][slot]
            of["met"][slot], of["row"][slot] = True, rows[row]
        return NumberPast(known=known, labels=lagged, difference=difference)

    def next(self, keys: NDArray[np.int64], *, rows: NDArray[np.float64]) -> NumberPast:
        """Return what would be known if each row ``(rows, features)`` came next, alone; changes nothing."""
        return NumberPast.of_next(self.find(keys), rows)

    def forget(self, gone: Gone) -> int:
        """Let keys go, and the label that came last; return how many: see ``RowHolder``."""
        self.newest = None
        return super().forget(gone)

    def _hear(self, heard: HeardLabels, place: int) -> None:
        label = float(heard.label[place])
        if not abs(label) <= LARGEST:
            return
        slot, of = self.slot(int(heard.key[place])), self.arrays
        if of["count"][slot]:
            of["labels"][slot, 1:] = of["labels"][slot, :-1].copy()
            of["labels"][slot, 0] = label
        else:
            of["labels"][slot] = label
        of["count"][slot] = min(LAGS, of["count"][slot] + 1)
        self.newest = label
