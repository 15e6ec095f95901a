"""Makes the views of a block whose labels are numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee import number_tensors as tensors
from daemon.learning.committee.fading_scale import LARGEST, FadingLevel, FadingSize
from daemon.learning.committee.narrowing import Narrowing
from daemon.learning.committee.number_history import LAGS, NumberHistory, NumberPast
from daemon.learning.committee.number_tensors import NumberTensors
from daemon.learning.committee.number_views import NumberViews, in_units
from daemon.learning.committee.views import CLIP
from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.batch import Batch
    from strategies.row_holder import Gone

MEMORY = 0.9998
"""What a label counts after one more label, in the scales of labels."""


class NumberViewMaker:
    """Keeps a block's rows, and what was known of keys and labels before it.

    At every call the whole block so far is made anew from what was known before the block: what a row looks like
    does not depend on how the rows were grouped on their way.
    """

    def __init__(
        self,
        places: int,
        *,
        features: int,
        generator: np.random.Generator,
        flags: NDArray[np.bool_] | None = None,
    ) -> None:
        """Tell differences of columns that are 0 or 1, ``flags (features,)``, as they are."""
        self._narrow = Narrowing(features, generator=generator)
        self._keys = NumberHistory(features=features)
        self._moves = FadingSize(features)
        self._flags = np.zeros(features, dtype=bool) if flags is None else flags
        self._level = FadingLevel(memory=MEMORY)
        self._increment = FadingSize(1, memory=MEMORY)
        self._places = places
        self._filled = 0
        self._past: NumberPast | None = None
        self._x = torch.zeros(places, features)
        self._rows = np.zeros((places, features))
        self._label = np.zeros(places)
        self._usable = np.zeros(places, dtype=np.bool_)
        self._slot = np.zeros(places, dtype=np.int64)
        self._key = np.full(places, UNKNOWN)

    @property
    def features(self) -> int:
        """Columns of a row."""
        return int(self._x.shape[1])

    @property
    def narrow_width(self) -> int:
        """Columns of ``NumberViews.narrow``."""
        return self._narrow.width

    @property
    def history_width(self) -> int:
        """Columns of ``NumberViews.history``."""
        return self._narrow.width + LAGS

    def add(self, batch: Batch, scaled: Tensor) -> NumberViews:
        """Return the block with rows added; ``scaled`` ``(rows, features)`` is as the main learner sees them."""
        where, label = slice(self._filled, self._filled + len(batch)), batch.y.numpy()
        self._x[where] = scaled.clamp(-CLIP, CLIP)
        self._rows[where] = batch.x.numpy()
        self._usable[where] = usable = np.abs(label) <= LARGEST
        self._label[where] = np.where(usable, label, 0)
        self._key[where] = batch.key.numpy()
        self._slot[where] = self._keys.place(self._key[where])
        self._filled = where.stop
        return self._views()

    def of_new_keys(self, scaled: Tensor) -> NumberViews:
        """Return rows ``(rows, features)`` as if each came under a key that was never seen; changes nothing."""
        rows, x = len(scaled), scaled.clamp(-CLIP, CLIP)
        return NumberViews(
            filled=rows,
            x=x,
            narrow=self._narrow(x),
            history=torch.zeros(rows, self.history_width),
            label=np.zeros(rows),
            usable=np.zeros(rows, dtype=np.bool_),
            last=np.full(rows, self._level.mean),
            unit=np.full(rows, self._level.deviation),
            begun=np.full(rows, self._level.known),
            mean=self._level.mean,
            deviation=self._level.deviation,
            key=np.full(rows, UNKNOWN),
        )

    def of_next(self, scaled: Tensor, rows: NDArray[np.float64], *, keys: NDArray[np.int64]) -> NumberViews:
        """Return rows as if each came next, alone, under its key ``(rows,)``; changes nothing.

        ``rows`` ``(rows, features)`` are as they arrived, ``scaled`` as the main learner sees them.
        """
        past, x = self.past_of_next(keys, rows), scaled.clamp(-CLIP, CLIP)
        moves = in_units(past.difference, self._sizes, limit=CLIP)
        newest, _ = self._newest_label()
        return NumberViews(
            filled=len(x),
            x=x,
            narrow=self._narrow(x),
            history=torch.cat([self._narrow(_float32(moves)), _float32(self._of_labels(past))], 1),
            label=np.zeros(len(x)),
            usable=np.zeros(len(x), dtype=np.bool_),
            last=np.where(past.known, past.labels[:, 0], self._level.mean if self._level.known else newest),
            unit=np.where(past.known, self._increment.now[0], self._level.deviation),
            begun=np.full(len(x), self.begun),
            mean=self._level.mean,
            deviation=self._level.deviation,
            key=keys,
        )

    def of_past(self, scaled: Tensor, *, labels: Tensor, difference: Tensor) -> NumberTensors:
        """Return rows with what is known of their keys, by operations on tensors alone.

        ``labels`` ``(rows, LAGS)`` and ``difference`` are those of ``NumberPast``; NaN where no label is known.
        """
        x, known = scaled.clamp(-CLIP, CLIP), ~labels[:, :1].isnan()
        moves = tensors.in_units(difference, torch.from_numpy(self._sizes), limit=CLIP).float()
        increment, level = torch.from_numpy(self._increment.now[:1]), self._level
        deviation, last = torch.full((1,), level.deviation, dtype=torch.float64), labels[:, :1]
        in_levels = tensors.in_units(last - level.mean, deviation, limit=CLIP)
        lags = tensors.in_units(labels[:, 1:] - last, increment, limit=CLIP)
        otherwise = level.mean if level.known else self._newest_label()[0]
        return NumberTensors(
            x=x,
            narrow=self._narrow(x),
            history=torch.cat([self._narrow(moves), torch.cat([in_levels, lags], 1).float()], 1),
            last=last.masked_fill(~known, otherwise).squeeze(1),
            unit=torch.where(known, increment, deviation).squeeze(1),
            mean=level.mean,
            deviation=level.deviation,
        )

    @property
    def begun(self) -> bool:
        """Whether any label is known, so that something can be said."""
        return self._newest_label()[1] or self._level.known

    def forget(self, gone: Gone) -> int:
        """Let what is known of keys go, while no block is open; return of how many: see ``RowHolder``."""
        return self._keys.forget(gone)

    def learn(self) -> None:
        """Go on to the next block."""
        filled, past = slice(0, self._filled), self._past
        assert past is not None, "a block has rows"
        label, usable = self._label[filled], self._usable[filled]
        self._keys.remember()
        self._moves.absorb(past.difference)
        self._level.absorb(label[usable])
        self._increment.absorb((label - past.labels[:, 0])[usable & past.known, None])
        self._x[filled], self._label[filled], self._usable[filled] = 0, 0, False
        self._filled, self._past = 0, None

    def state_dict(self) -> dict[str, Any]:
        """Return what is known before the block; the block itself is added again."""
        return {
            "keys": self._keys.state_dict(),
            "moves": self._moves.state_dict(),
            "level": self._level.state_dict(),
            "increment": self._increment.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._keys.load_state_dict(state["keys"])
        self._moves.load_state_dict(state["moves"])
        self._level.load_state_dict(state["level"])
        self._increment.load_state_dict(state["increment"])

    @property
    def known_keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``."""
        return self._keys.keys

    def past_of_next(self, keys: NDArray[np.int64], rows: NDArray[np.float64]) -> NumberPast:
        """Return what would be known if each row came next, alone, under its key ``(rows,)``; changes nothing."""
        return self._keys.next(keys, rows=rows)

    def _newest_label(self) -> tuple[float, bool]:
        """Return the label of the block's last row, and whether any in it is usable."""
        newest = float(self._label[self._filled - 1]) if self._filled else 0.0
        return newest, bool(self._usable[: self._filled].any())

    def _views(self) -> NumberViews:
        filled = slice(0, self._filled)
        label, usable = self._label[filled], self._usable[filled]
        past = self._keys.roll(self._slot[filled], labels=label, usable=usable, rows=self._rows[filled])
        self._past = past
        # In the first block there is no mean yet: the label before says more than zero does.
        otherwise = self._level.mean if self._level.known else np.append(0.0, label[:-1])
        earlier = np.append(0, np.cumsum(usable)[:-1]) > 0
        x, moves = self._x.clone(), in_units(past.difference, self._sizes, limit=CLIP)
        return NumberViews(
            filled=self._filled,
            x=x,
            narrow=self._narrow(x),
            history=torch.cat([self._narrow(self._tensor(moves)), self._tensor(self._of_labels(past))], 1),
            label=self._label.copy(),
            usable=self._usable.copy(),
            last=self._padded(np.where(past.known, past.labels[:, 0], otherwise)),
            unit=self._padded(np.where(past.known, self._increment.now[0], self._level.deviation)),
            begun=self._padded(earlier | self._level.known) > 0,
            mean=self._level.mean,
            deviation=self._level.deviation,
            key=self._key[filled].copy(),
        )

    @property
    def _sizes(self) -> NDArray[np.float64]:
        """How large a difference of each column is; that of a flag is as it is."""
        return np.where(self._flags, 1.0, self._moves.now)

    def _of_labels(self, past: NumberPast) -> NDArray[np.float64]:
        """Return the last label's level, and the labels before it relative to it ``(filled, LAGS)``."""
        last = past.labels[:, :1]
        level = in_units(last - self._level.mean, self._level.deviation, limit=CLIP)
        lags = in_units(past.labels[:, 1:] - last, self._increment.now[0], limit=CLIP)
        return np.where(past.known[:, None], np.hstack([level, lags]), 0.0)

    def _padded(self, column: NDArray[Any]) -> NDArray[np.float64]:
        return np.append(column, np.zeros(self._places - len(column)))

    def _tensor(self, rows: NDArray[np.float64]) -> Tensor:
        padded = torch.zeros(self._places, rows.shape[1])
        padded[: len(rows)] = torch.from_numpy(rows.astype(np.float32))
        return padded


def _float32(rows: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(rows.astype(np.float32))
