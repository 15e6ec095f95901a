"""A block of rows in the views that members ask for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.learning.committee.fading_scale import FadingSize
from daemon.learning.committee.key_memory import DECAYS, NONE, KeyMemory, Past
from daemon.learning.committee.narrowing import Narrowing
from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.batch import Batch
    from strategies.row_holder import Gone

CLIP = 8.0
"""Deviations from its mean that a value counts at most."""

MOST_LABEL_COLUMNS = 16
"""More classes than these are shown to members as so many random codes, in place of one-hot columns."""


_MEMORY = 0.9999
"""What a difference counts after one more event, in the running size of its column."""


@dataclass(frozen=True, slots=True)
class Views:
    """The rows of a block so far, in places of a fixed number; the places not filled are zero.

    All are ``(places, width) float32``.
    """

    filled: int
    x: Tensor
    """As the main learner sees them, clipped."""
    label: Tensor
    """The key's labels before the row: the last one, and all of them fading."""
    difference: Tensor
    """The row less the key's row before, in running deviations."""
    narrow: Tensor
    """``x``, projected where it is wide."""
    narrow_difference: Tensor
    last: Tensor
    """The key's last label ``(places,) int64``; ``NONE`` where there is none."""
    key: NDArray[np.int64]
    """Hash of each row's key, ``(filled,)``; see ``Batch``."""


class ClassViews:
    """Makes the views of a block, with what was known of its keys and labels before each row.

    At every call the whole block so far is made anew from what was known before the block: what a row looks like
    does not depend on how the rows were grouped on their way.
    """

    def __init__(
        self,
        places: int,
        *,
        features: int,
        classes: int,
        generator: np.random.Generator,
        flags: NDArray[np.bool_] | None = None,
    ) -> None:
        """Tell differences of columns that are 0 or 1, ``flags (features,)``, as they are."""
        coded = classes > MOST_LABEL_COLUMNS
        code = generator.standard_normal((classes, MOST_LABEL_COLUMNS)) / 4 if coded else np.eye(classes)
        self._code = code.astype(np.float32)
        self._narrow = Narrowing(features, generator=generator)
        self._keys = KeyMemory(places, features=features, label_width=self._code.shape[1])
        self._moves = FadingSize(features, memory=_MEMORY)
        self._flags = np.zeros(features, dtype=bool) if flags is None else flags
        self._places = places
        self._filled = 0
        self._past: Past | None = None
        self._x = torch.zeros(places, features)
        self._rows = np.zeros((places, features))
        self._label = np.zeros(places, dtype=np.int64)
        self._slot = np.zeros(places, dtype=np.int64)
        self._key = np.full(places, UNKNOWN)

    @property
    def code(self) -> NDArray[np.float32]:
        """The columns that each class has ``(classes, width)``."""
        return self._code

    @property
    def features(self) -> int:
        """Columns of a row."""
        return int(self._x.shape[1])

    @property
    def label_width(self) -> int:
        """Columns of ``Views.label``."""
        return (1 + len(DECAYS)) * int(self._code.shape[1])

    @property
    def narrow_width(self) -> int:
        """Columns of ``Views.narrow``."""
        return self._narrow.width

    def add(self, batch: Batch, scaled: Tensor) -> Views:
        """Return the block with rows added; ``scaled`` ``(rows, features)`` is as the main learner sees them."""
        where = slice(self._filled, self._filled + len(batch))
        self._x[where] = scaled.clamp(-CLIP, CLIP)
        self._rows[where] = batch.x.numpy()
        self._label[where] = batch.y.numpy()
        self._key[where] = batch.key.numpy()
        self._slot[where] = self._keys.place(self._key[where])
        self._filled = where.stop
        return self._views()

    def of_new_keys(self, scaled: Tensor) -> Views:
        """Return rows ``(rows, features)`` as if each came under a key that was never seen; changes nothing."""
        rows, x = len(scaled), scaled.clamp(-CLIP, CLIP)
        none = torch.zeros_like(x)
        return Views(
            filled=rows,
            x=x,
            label=torch.zeros(rows, self.label_width),
            difference=none,
            narrow=self._narrow(x),
            narrow_difference=self._narrow(none),
            last=torch.full((rows,), NONE),
            key=np.full(rows, UNKNOWN),
        )

    def of_next(self, scaled: Tensor, rows: NDArray[np.float64], *, keys: NDArray[np.int64]) -> Views:
        """Return rows as if each came next, alone, under its key ``(rows,)``; changes nothing.

        ``rows`` ``(rows, features)`` are as they arrived, ``scaled`` as the main learner sees them.
        """
        past = self.past_of_next(keys, rows)
        label, faded, difference = map(torch.from_numpy, (past.label, past.faded, past.difference))
        return self.of_past(scaled, label=label, faded=faded, difference=difference)

    def of_past(self, scaled: Tensor, *, label: Tensor, faded: Tensor, difference: Tensor) -> Views:
        """Return rows with what is known of their keys, as in ``Past``, by operations on tensors alone."""
        x, known = scaled.clamp(-CLIP, CLIP), (label >= 0).unsqueeze(1)
        own = torch.from_numpy(self._code)[label.clamp(min=0)].masked_fill(~known, 0.0)
        moved = (difference / torch.from_numpy(self._sizes)).clamp(-CLIP, CLIP).float()
        return Views(
            filled=len(scaled),
            x=x,
            label=torch.cat([own, faded.flatten(1)], 1),
            difference=moved,
            narrow=self._narrow(x),
            narrow_difference=self._narrow(moved),
            last=label,
            key=np.full(len(scaled), UNKNOWN),
        )

    def forget(self, gone: Gone) -> int:
        """Let what is known of keys go, while no block is open; return of how many: see ``RowHolder``."""
        return self._keys.forget(gone)

    def learn(self) -> None:
        """Go on to the next block."""
        filled = slice(0, self._filled)
        self._keys.remember()
        assert self._past is not None, "a block has rows"
        self._moves.absorb(self._past.difference)
        self._x[filled] = 0
        self._filled, self._past = 0, None

    def state_dict(self) -> dict[str, Any]:
        """Return what is known before the block; the block itself is added again."""
        return {"keys": self._keys.state_dict(), "moves": self._moves.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._keys.load_state_dict(state["keys"])
        self._moves.load_state_dict(state["moves"])

    @property
    def known_keys(self) -> NDArray[np.int64]:
        """The keys that something is known of ``(keys,)``."""
        return self._keys.keys

    def past_of_next(self, keys: NDArray[np.int64], rows: NDArray[np.float64]) -> Past:
        """Return what would be known if each row came next, alone, under its key ``(rows,)``; changes nothing."""
        return self._keys.next(keys, rows=rows)

    def _views(self) -> Views:
        filled = slice(0, self._filled)
        labels = self._label[filled]
        past = self._keys.roll(
            self._slot[filled], labels=labels, columns=self._code[labels], rows=self._rows[filled]
        )
        self._past = past
        label = self._label_columns(past)
        difference = self._padded(self._in_sizes(past.difference))
        return Views(
            filled=self._filled,
            x=self._x,
            label=self._padded(label),
            difference=difference,
            narrow=self._narrow(self._x),
            narrow_difference=self._narrow(difference),
            last=torch.from_numpy(np.append(past.label, np.full(self._places - self._filled, NONE))),
            key=self._key[filled].copy(),
        )

    def _label_columns(self, past: Past) -> NDArray[np.float32]:
        """Return the last label and all of them fading ``(rows, label_width)``."""
        last = np.where((past.label >= 0)[:, None], self._code[past.label], np.float32(0))
        return np.concatenate([last, past.faded.reshape(len(last), len(DECAYS) * self._code.shape[1])], axis=1)

    def _in_sizes(self, rows: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return rows ``(rows, features)`` in running sizes, clipped; a column that never moved stays as it is."""
        return np.clip(rows / self._sizes, -CLIP, CLIP).astype(np.float32)

    @property
    def _sizes(self) -> NDArray[np.float64]:
        """How large a difference of each column is ``(features,)``; that of a flag is as it is."""
        size = np.where(self._flags, 1.0, self._moves.now)
        return np.where(size > 0, size, 1.0)

    def _padded(self, rows: NDArray[np.float32]) -> Tensor:
        padded = torch.zeros(self._places, rows.shape[1])
        padded[: len(rows)] = torch.from_numpy(rows)
        return padded
