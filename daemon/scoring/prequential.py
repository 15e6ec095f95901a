"""Test, then train: the score of the predictions that were made on arrival."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.scoring.lead import Lead, lead_over, lead_over_no_change
from daemon.scoring.prequential_score import (
    CLASS_TERMS,
    NUMBER_TERMS,
    PrequentialScore,
    class_score,
    class_terms,
    number_score,
    number_terms,
)
from daemon.state.saved_setting import require_saved_setting
from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from daemon.scoring.prequential_score import Column, Terms
    from strategies.row_holder import Gone

ROWS, LABEL, LABEL_SQUARED = (NUMBER_TERMS.index(name) for name in ("rows", "label", "label_squared"))
_FORGOTTEN = -2
"""The key of a row in the ring that is not there any more."""


class Prequential:
    """Prequential scores (Dawid 1984; Gama et al. 2013) of the last ``window`` rows, of all, and of each task.

    Each row becomes a few terms; sums of terms make every figure. Sums run row by row in float64, so the bits do
    not depend on how rows were grouped into calls. Memory: ``window + max_tasks + 1`` rows of terms.
    """

    def __init__(self, window: int, *, classification: bool, max_tasks: int) -> None:
        columns = len(CLASS_TERMS if classification else NUMBER_TERMS)
        self._classification = classification
        self.n_seen = 0
        """Rows so far."""
        self._origin: float | None = None
        self._ring = np.zeros((window, columns))
        self._keys = np.full(window, UNKNOWN)
        """Hash of the key of each row in the ring: see ``Batch.key``."""
        self._total = np.zeros((1, columns))
        self._of_task = np.zeros((max_tasks, columns))

    def update(
        self,
        prediction: Column,
        *,
        label: Column,
        task: NDArray[np.int64],
        key: NDArray[np.int64] | None = None,
        no_change: Column | None = None,
    ) -> None:
        """Score predictions ``(rows,)`` against their labels; classes as indices, numbers as floats.

        ``key`` are the hashes of the rows' keys; ``no_change`` is what that baseline predicted, where there is one.
        """
        if not len(label):
            return
        terms = self._terms(prediction, label=label, no_change=no_change)
        self._add(self._total, 0, terms)
        tasks = set(task.tolist())
        for index in tasks:
            self._add(self._of_task, index, terms if len(tasks) == 1 else terms[task == index])
        self._write_ring(terms, np.full(len(terms), UNKNOWN) if key is None else key)

    def forget(self, gone: Gone) -> int:
        """Let rows be none of the newest; return how many: see ``RowHolder``. In the sums of all they stay."""
        leave = gone.hashed(self._keys)
        self._ring[leave], self._keys[leave] = 0, _FORGOTTEN
        return int(leave.sum())

    def merge_task(self, task: int, *, into: int) -> None:
        """Count what is known of ``task`` as of ``into``."""
        self._of_task[into] += self._of_task[task]
        self._of_task[task] = 0

    def _terms(self, prediction: Column, *, label: Column, no_change: Column | None) -> Terms:
        if self._classification:
            return class_terms(prediction, label=label, no_change=no_change)
        if self._origin is None:
            self._origin = float(label[0])
        return number_terms(prediction, label=label, no_change=no_change, origin=self._origin)

    def _add(self, sums: Terms, row: int, terms: Terms) -> None:
        """Add ``terms`` to a row of ``sums``, with the same bits however many come at once."""
        if self._classification:
            sums[row] += terms.sum(axis=0)  # whole numbers: exact in any order
        else:
            # One after another; np.sum would pair them up, by their number.
            sums[row] = np.cumsum(np.vstack((sums[row], terms)), axis=0)[-1]

    def _write_ring(self, terms: Terms, key: NDArray[np.int64]) -> None:
        window = len(self._ring)
        kept = terms[-window:]
        start = (self.n_seen + len(terms) - len(kept)) % window
        end = min(window - start, len(kept))
        self._ring[start : start + end] = kept[:end]
        self._ring[: len(kept) - end] = kept[end:]
        self._keys[start : start + end] = key[len(terms) - len(kept) :][:end]
        self._keys[: len(kept) - end] = key[len(terms) - len(kept) :][end:]
        self.n_seen += len(terms)

    def windowed(self) -> PrequentialScore:
        """Return the score of the last ``window`` rows."""
        sums = self._ring.sum(axis=0)
        if not self._classification:
            # The origin may be months away, so the window's labels are measured from one of their own.
            labels = self._ring[self._ring[:, ROWS] > 0, LABEL]
            distance = labels - labels[:1]
            sums[LABEL], sums[LABEL_SQUARED] = distance.sum(), np.square(distance).sum()
        return self._score(sums)

    def total(self) -> PrequentialScore:
        """Return the score of all rows so far."""
        return self._score(self._total[0])

    def of_task(self, task: int) -> PrequentialScore:
        """Return the score of all rows of one task so far."""
        return self._score(self._of_task[task])

    def _score(self, sums: Terms) -> PrequentialScore:
        return class_score(sums) if self._classification else number_score(sums)

    def lead_over_no_change(self) -> Lead | None:
        """Return the lead over repeating the last label, on those of the last ``window`` rows that have one."""
        return lead_over_no_change(self._newest()[0])

    def lead_over(self, other: Prequential, *, waiting: int = 0) -> Lead | None:
        """Return the lead over another, on those of the last ``window`` rows that both have predicted.

        The ``other`` has predicted all that this one has, perhaps from some row on, but for the last ``waiting``.
        None where there is no such row yet.
        """
        (mine, _), (theirs, _) = self._newest(), other._newest()
        rows = min(len(mine) - waiting, len(theirs))
        if rows <= 0:
            return None
        mine, theirs = mine[len(mine) - waiting - rows : len(mine) - waiting], theirs[-rows:]
        return lead_over(theirs, mine) if _are_of_the_same_rows(mine, theirs) else None

    def lead_over_former(self, other: Prequential) -> Lead | None:
        """Return the lead over one that has also met rows that this one never has, on the newest rows of both.

        Those others are forgotten by it: see ``forget``. None where the rest are not of the same keys and, of
        numbers, the same labels.
        """
        (mine, keys), (theirs, their_keys) = self._newest(), other._newest()
        rows = min(len(mine), len(theirs))
        if not rows or not np.array_equal(keys[-rows:], their_keys[-rows:]):
            return None
        mine, theirs = mine[-rows:], theirs[-rows:]
        if not self._classification:
            both = (mine[:, ROWS] > 0) & (theirs[:, ROWS] > 0)
            apart = (self._origin or 0.0) - (other._origin or 0.0)
            if not np.allclose(mine[both, LABEL] + apart, theirs[both, LABEL], rtol=1e-6):
                return None
        return lead_over(theirs, mine)

    def _newest(self) -> tuple[Terms, NDArray[np.int64]]:
        """Return the terms and keys of the last ``window`` rows, oldest first."""
        window, start = len(self._ring), self.n_seen % len(self._ring)
        if self.n_seen < window:
            newest, keys = self._ring[: self.n_seen], self._keys[: self.n_seen]
        else:
            newest, keys = np.roll(self._ring, -start, axis=0), np.roll(self._keys, -start)
        forgotten = keys == _FORGOTTEN
        return (newest[~forgotten], keys[~forgotten]) if forgotten.any() else (newest, keys)

    def state_dict(self) -> dict[str, Any]:
        """Return a copy of the sums and the window."""
        return {
            "n_seen": self.n_seen,
            "origin": self._origin,
            "ring": self._ring.copy(),
            "keys": self._keys.copy(),
            "total": self._total.copy(),
            "of_task": self._of_task.copy(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state. Raises ValueError where it was saved with another window or number of tasks."""
        require_saved_setting("retention.window", saved=len(state["ring"]), configured=len(self._ring))
        require_saved_setting("retention.max_tasks", saved=len(state["of_task"]), configured=len(self._of_task))
        self.n_seen, self._origin = state["n_seen"], state["origin"]
        self._ring[:], self._total[:], self._of_task[:] = state["ring"], state["total"], state["of_task"]
        self._keys[:] = state["keys"]


def _are_of_the_same_rows(terms: Terms, other: Terms) -> bool:
    """Tell by what the no-change baseline has said of them: a row's last term, wherever there was a last label.

    For a window's length they are not, where the other has just begun to take part in every micro-batch.
    """
    compared = (NUMBER_TERMS if terms.shape[1] == len(NUMBER_TERMS) else CLASS_TERMS).index("compared")
    both = (terms[:, compared] > 0) & (other[:, compared] > 0)
    return np.array_equal(terms[both, -1], other[both, -1])
