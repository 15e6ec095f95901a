"""Rows kept compactly in memory of a fixed size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from strategies.batch import Batch, Examples
from strategies.precision import PRECISIONS, Float16, Half
from strategies.provenance import PROVENANCE_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.options.buffer import Precision
    from strategies.row_holder import Gone


class RowStorage:
    """``capacity`` slots for rows of ``features`` values, in fixed memory.

    How a value is kept is its ``precision``. Labels take 4 bytes, the task 2, the provenance 32; where ``outputs``
    is not 0, what the model once said of the row is kept too, in 2 bytes each: classes' outputs as they are, a
    number in its own units, with offset and scale. The columns are numpy arrays: to gather a few rows, torch takes
    several times as long.
    """

    def __init__(
        self,
        capacity: int,
        *,
        features: int,
        classification: bool,
        precision: Precision = "float32",
        value_range: tuple[float, float] = (0.0, 1.0),
        outputs: int = 0,
    ) -> None:
        self._packing = PRECISIONS[precision](features, value_range)
        self._said: Half = (Half if classification else Float16)(outputs, value_range)
        self._form: dict[str, Any] = {
            "capacity": capacity,
            "features": features,
            "classification": classification,
            "precision": precision,
            "range": list(value_range) if self._packing.ranged else None,
            "outputs": outputs,
        }
        self._x = self._packing.zeros(capacity)
        self._y = np.zeros(capacity, dtype=np.int32 if classification else np.float32)
        self._task = np.zeros(capacity, dtype=np.int16)
        self._provenance = np.zeros((capacity, PROVENANCE_COLUMNS), dtype=np.int64)
        self._outputs = self._said.zeros(capacity)

    @staticmethod
    def of_form(form: Mapping[str, Any]) -> RowStorage:
        """Return an empty storage of this form; see :attr:`form`."""
        form = dict(form)
        value_range = form.pop("range") or (0.0, 1.0)
        return RowStorage(**form, value_range=tuple(value_range))

    @property
    def form(self) -> dict[str, Any]:
        """All that the storage was made with, as JSON values."""
        return dict(self._form)

    @property
    def capacity(self) -> int:
        """Number of slots."""
        return len(self._y)

    @property
    def nbytes(self) -> int:
        """Bytes of all slots, filled or not."""
        return sum(column.nbytes for column in self._columns().values())

    @property
    def task(self) -> NDArray[np.int16]:
        """Task of every slot ``(capacity,)``."""
        return self._task

    @property
    def y(self) -> NDArray[Any]:
        """Label of every slot ``(capacity,) int32 | float32``."""
        return self._y

    @property
    def provenance(self) -> NDArray[np.int64]:
        """Provenance of every slot ``(capacity, 4)``."""
        return self._provenance

    def write(
        self, slots: NDArray[np.int64], batch: Batch, rows: NDArray[np.int64], *, outputs: Tensor | None = None
    ) -> None:
        """Put ``batch``'s ``rows`` into ``slots``, both ``(rows,)``; of rows for one slot the last stays.

        ``outputs`` are the model's for all rows of the batch, where they are kept.
        """
        self._packing.put(self._x, slots, batch.x.numpy()[rows])
        self._y[slots] = batch.y.numpy()[rows]
        self._task[slots] = batch.task.numpy()[rows]
        self._provenance[slots] = batch.provenance.numpy()[rows]
        if outputs is not None:
            self._said.put(self._outputs, slots, outputs.numpy()[rows])

    def gone(self, gone: Gone, *, filled: int) -> NDArray[np.bool_]:
        """Return which of the first ``filled`` slots hold rows that are to go."""
        return gone.among(self._provenance[:filled])

    def keep(self, slots: NDArray[np.int64]) -> None:
        """Keep the rows in ``slots`` ``(rows,)``, ascending, in the first slots, and nothing of any other."""
        for column in self._columns().values():
            column[: len(slots)] = column[slots]
            column[len(slots) :] = 0
        for packing in (self._packing, self._said):
            packing.keep(len(slots))

    def forget(self, gone: Gone) -> int:
        """Let rows of a full storage go, which has fewer slots then; return how many: see ``RowHolder``."""
        kept = np.flatnonzero(~self.gone(gone, filled=self.capacity))
        left = self.capacity - len(kept)
        self._x, self._y, self._task = self._x[kept], self._y[kept], self._task[kept]
        self._provenance, self._outputs = self._provenance[kept], self._outputs[kept]
        self._form["capacity"] = len(kept)
        return left

    def relabel(self, task: int, *, into: int) -> None:
        """Let all rows of ``task`` be of the task ``into``."""
        self._task[self._task == task] = into

    def examples(self, slots: NDArray[np.int64]) -> Examples:
        """Return what can be learned from the rows in ``slots`` ``(rows,)``."""
        y = self._y.take(slots)
        return Examples(
            x=torch.from_numpy(self._packing.decode(self._x.take(slots, axis=0))),
            y=torch.from_numpy(y if y.dtype == np.float32 else y.astype(np.int64)),
            task=torch.from_numpy(self._task.take(slots).astype(np.int64)),
        )

    def read(self, slots: NDArray[np.int64]) -> Batch:
        """Return the rows in ``slots`` ``(rows,)``, and where they are from."""
        rows = self.examples(slots)
        provenance = torch.from_numpy(self._provenance.take(slots, axis=0))
        return Batch(rows.x, rows.y, rows.task, provenance=provenance)

    def outputs(self, slots: NDArray[np.int64]) -> Tensor:
        """Return what the model said of the rows in ``slots`` when they came, ``(rows, outputs)``.

        Of classes float32; a number in float64, since it may lie far from zero.
        """
        kept = self._outputs.take(slots, axis=0)
        said = self._said.decode_exactly(kept) if isinstance(self._said, Float16) else self._said.decode(kept)
        return torch.from_numpy(said)

    def part(self, slots: NDArray[np.int64], columns: NDArray[np.int64]) -> RowStorage:
        """Return a storage of the rows in ``slots``, with some columns, kept as they are here; without outputs."""
        form = self._form | {"capacity": len(slots), "features": len(columns), "outputs": 0}
        part = RowStorage.of_form(form)
        part.load_state_dict(
            {
                "form": form,
                "code": self._packing.state_of(columns),
                "x": self._packing.pick(self._x.take(slots, axis=0), columns),
                "y": self._y[slots],
                "task": self._task[slots],
                "provenance": self._provenance[slots],
            }
        )
        return part

    def state_dict(self, filled: int) -> dict[str, Any]:
        """Return the first ``filled`` slots, and the form they are in."""
        columns = {name: column[:filled] for name, column in self._columns().items()}
        said = self._said.state_dict() if self._outputs.size else {}
        return {"form": self._form, "code": self._packing.state_dict(), "said": said} | columns

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up slots from the first on; raise ``ValueError`` where they were stored in another form."""
        for name, configured in self._form.items():
            saved = state["form"][name]
            if saved != configured:
                raise ValueError(f"the checkpoint's buffer has {name} {saved}, the configured one {configured}")
        for name, column in self._columns().items():
            column[: len(state[name])] = state[name]
        filled = len(state["y"])
        self._packing.load_state_dict(state["code"], filled=filled)
        if self._outputs.size:
            self._said.load_state_dict(state["said"], filled=filled)

    def _columns(self) -> dict[str, NDArray[Any]]:
        columns = {"x": self._x, "y": self._y, "task": self._task, "provenance": self._provenance}
        return columns | ({"outputs": self._outputs} if self._outputs.size else {})
