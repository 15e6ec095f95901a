"""Views of rows whose classes come later."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.intake.later.found import in_turn
from daemon.learning.committee.key_memory import DECAYS, NONE, Past
from daemon.learning.committee.later_keys import LaterKeys
from daemon.learning.committee.moves import Moves
from daemon.learning.committee.views import CLIP, ClassViews, Views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

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
        self._width = int(self._code.shape[1])
        self._known = LaterKeys(
            {
                "met": np.zeros(1, dtype=np.bool_),
                "row": np.zeros((1, features)),
                "labels": np.zeros(1, dtype=np.int64),
                "label": np.zeros(1, dtype=np.int64),
                "faded": np.zeros((1, len(DECAYS), self._width), dtype=np.float32),
            }
        )
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
        rows, keys = batch.x.numpy().astype(np.float64), batch.key.numpy().tolist()
        last = np.full(len(rows), NONE)
        faded = np.zeros((len(rows), len(DECAYS), self._width), dtype=np.float32)
        difference = np.zeros(rows.shape)
        for row in in_turn(heard.before, events=len(keys), hear=partial(self._hear, heard)):
            slot = self._known.slot(keys[row])
            known = self._known.arrays
            if known["labels"][slot]:
                last[row], faded[row] = known["label"][slot], known["faded"][slot]
            if known["met"][slot]:
                difference[row] = rows[row] - known["row"][slot]
            known["met"][slot], known["row"][slot] = True, rows[row]
        own = np.where((last >= 0)[:, None], self._code[last], np.float32(0))
        columns = {
            "x": scaled.clamp(-CLIP, CLIP).numpy(),
            "label": np.concatenate([own, faded.reshape(len(rows), len(DECAYS) * self._width)], axis=1),
            "difference": self._in_sizes(difference),
            "last": last,
            "key": batch.key.numpy(),
        }
        if len(rows):
            self._gathered.gather(difference, start=start, key=batch.key.numpy())
        return columns

    def of_rows(self, columns: Mapping[str, NDArray[Any]], *, start: int | None = None) -> Views:
        """Return the views of rows by their columns, in the places from ``start`` on.

        Without it they are a block to be learned, and only these are filled.
        """
        only = None if start is not None else len(columns["last"])
        start = start or 0
        difference = self._at(columns["difference"], start)
        last = np.full(self._places, NONE)
        last[start : start + len(columns["last"])] = columns["last"]
        x = self._at(columns["x"], start)
        return Views(
            filled=len(columns["last"]),
            x=x,
            label=self._at(columns["label"], start),
            difference=difference,
            narrow=self._narrow(x),
            narrow_difference=self._narrow(difference),
            past=Past(
                label=last[:only],
                faded=np.zeros((0, len(DECAYS), self._width), dtype=np.float32),
                difference=np.zeros((0, self._features)),
            ),
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

    def _past_of_next(self, keys: NDArray[np.int64], rows: NDArray[np.float64]) -> Past:
        found = self._known.find(keys)
        return Past(
            label=np.where(found["labels"] > 0, found["label"], NONE),
            faded=found["faded"],
            difference=np.where(found["met"][:, None], rows - found["row"], 0.0),
        )

    def _hear(self, heard: HeardLabels, place: int) -> None:
        label = int(heard.label[place])
        slot, known = self._known.slot(int(heard.key[place])), self._known.arrays
        decay = np.array(DECAYS, dtype=np.float32)[:, None]
        known["faded"][slot] = decay * known["faded"][slot] + (1 - decay) * self._code[label]
        known["label"][slot] = label
        known["labels"][slot] += 1

    def _at(self, rows: NDArray[np.float32], start: int) -> Tensor:
        padded = torch.zeros(self._places, rows.shape[1])
        padded[start : start + len(rows)] = torch.from_numpy(rows)
        return padded
