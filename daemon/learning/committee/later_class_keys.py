"""What is known of keys whose classes come later: the last one, all of them fading, and the last row."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from daemon.intake.later.found import in_turn
from daemon.learning.committee.key_memory import DECAYS, NONE, Past
from daemon.learning.committee.later_keys import LaterKeys

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.learning.committee.later_keys import HeardLabels


class LaterClassKeys(LaterKeys):
    """Knows of each key the rows and the labels that have come, each in its order.

    A class has the columns ``code (classes, width)``.

    >>> from daemon.learning.committee.later_keys import HeardLabels
    >>> keys = LaterClassKeys(features=1, code=np.eye(2, dtype=np.float32))
    >>> heard = HeardLabels(key=np.array([7]), label=np.array([1]), before=np.array([1]))
    >>> past = keys.follow(np.array([7, 7]), np.array([[2.0], [5.0]]), heard)
    >>> past.label.tolist(), past.difference.tolist()
    ([-1, 1], [[0.0], [3.0]])
    """

    def __init__(self, *, features: int, code: NDArray[np.float32]) -> None:
        self._code = code
        super().__init__(
            {
                "met": np.zeros(1, dtype=np.bool_),
                "row": np.zeros((1, features)),
                "labels": np.zeros(1, dtype=np.int64),
                "label": np.zeros(1, dtype=np.int64),
                "faded": np.zeros((1, len(DECAYS), code.shape[1]), dtype=np.float32),
            }
        )

    def follow(self, keys: NDArray[np.int64], rows: NDArray[np.float64], heard: HeardLabels) -> Past:
        """Return what is known before each of the rows ``(rows, features)`` that come; remember rows and labels."""
        last = np.full(len(rows), NONE)
        faded = np.zeros((len(rows), len(DECAYS), self._code.shape[1]), dtype=np.float32)
        difference, hashes = np.zeros(rows.shape), keys.tolist()
        for row in in_turn(heard.before, events=len(rows), hear=partial(self._hear, heard)):
            slot = self.slot(hashes[row])
            known = self.arrays
            if known["labels"][slot]:
                last[row], faded[row] = known["label"][slot], known["faded"][slot]
            if known["met"][slot]:
                difference[row] = rows[row] - known["row"][slot]
            known["met"][slot], known["row"][slot] = True, rows[row]
        return Past(label=last, faded=faded, difference=difference)

    def next(self, keys: NDArray[np.int64], *, rows: NDArray[np.float64]) -> Past:
        """Return what would be known if each row ``(rows, features)`` came next, alone; changes nothing."""
        found = self.find(keys)
        return Past(
            label=np.where(found["labels"] > 0, found["label"], NONE),
            faded=found["faded"],
            difference=np.where(found["met"][:, None], rows - found["row"], 0.0),
        )

    def _hear(self, heard: HeardLabels, place: int) -> None:
        label = int(heard.label[place])
        slot, known = self.slot(int(heard.key[place])), self.arrays
        decay = np.array(DECAYS, dtype=np.float32)[:, None]
        known["faded"][slot] = decay * known["faded"][slot] + (1 - decay) * self._code[label]
        known["label"][slot] = label
        known["labels"][slot] += 1
