"""Rows kept compactly in memory of a fixed size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch

from strategies.batch import PROVENANCE_COLUMNS, Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from torch import Tensor

Precision = Literal["float32", "float16", "uint8"]
_DTYPES = {"float32": np.float32, "float16": np.float16, "uint8": np.uint8}
_FLOAT16_LARGEST = 65_504.0


class RowStorage:
    """``capacity`` slots for rows of ``features`` values, in fixed memory.

    ``uint8`` keeps values of a declared range in 256 steps (images lose nothing), ``float16`` eleven significant
    bits; a value outside of what the format can hold is clipped to it. Labels take 4 bytes, the task 2, the
    provenance 32. The columns are numpy arrays: to gather a few rows, torch takes several times as long.
    """

    def __init__(
        self,
        capacity: int,
        *,
        features: int,
        classification: bool,
        precision: Precision = "float32",
        value_range: tuple[float, float] = (0.0, 1.0),
    ) -> None:
        self._low, self._high = value_range
        # The float32 nearest to each step; a product or sum in float32 would miss some of them.
        self._levels = np.linspace(self._low, self._high, 256).astype(np.float32)
        self._form: dict[str, Any] = {
            "capacity": capacity,
            "features": features,
            "classification": classification,
            "precision": precision,
            "range": list(value_range) if precision == "uint8" else None,
        }
        self._x = np.zeros((capacity, features), dtype=_DTYPES[precision])
        self._y = np.zeros(capacity, dtype=np.int32 if classification else np.float32)
        self._task = np.zeros(capacity, dtype=np.int16)
        self._provenance = np.zeros((capacity, len(PROVENANCE_COLUMNS)), dtype=np.int64)

    @staticmethod
    def row_bytes(features: int, precision: Precision) -> int:
        """Return the bytes that one row takes."""
        return features * np.dtype(_DTYPES[precision]).itemsize + 4 + 2 + 8 * len(PROVENANCE_COLUMNS)

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

    def write(self, slots: NDArray[np.int64], batch: Batch, rows: NDArray[np.int64]) -> None:
        """Put ``batch``'s ``rows`` into ``slots``, both ``(rows,)``; of rows for one slot the last stays."""
        self._x[slots] = self._encode(batch.x.numpy()[rows])
        self._y[slots] = batch.y.numpy()[rows]
        self._task[slots] = batch.task.numpy()[rows]
        self._provenance[slots] = batch.provenance.numpy()[rows]

    def read(self, slots: NDArray[np.int64]) -> Batch:
        """Return the rows in ``slots`` ``(rows,)``."""
        y = self._y.take(slots)
        return Batch(
            x=self._decode(self._x.take(slots, axis=0)),
            y=torch.from_numpy(y if y.dtype == np.float32 else y.astype(np.int64)),
            task=torch.from_numpy(self._task.take(slots).astype(np.int64)),
            provenance=torch.from_numpy(self._provenance.take(slots, axis=0)),
        )

    def state_dict(self, filled: int) -> dict[str, Any]:
        """Return the first ``filled`` slots, and the form they are in."""
        return {"form": self._form} | {name: column[:filled] for name, column in self._columns().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up slots from the first on; raise ``ValueError`` where they were stored in another form."""
        for name, configured in self._form.items():
            saved = state["form"][name]
            if saved != configured:
                raise ValueError(f"the checkpoint's buffer has {name} {saved}, the configured one {configured}")
        for name, column in self._columns().items():
            column[: len(state[name])] = state[name]

    def _columns(self) -> dict[str, NDArray[Any]]:
        return {"x": self._x, "y": self._y, "task": self._task, "provenance": self._provenance}

    def _encode(self, x: NDArray[np.float32]) -> NDArray[Any]:
        if self._x.dtype == np.uint8:
            steps: NDArray[Any] = np.rint((x - self._low) * (255.0 / (self._high - self._low)))
            return np.clip(steps, 0, 255, out=steps).astype(np.uint8)
        if self._x.dtype == np.float16:
            # numpy converts float16 ten times slower.
            half: NDArray[Any] = torch.from_numpy(x).clamp_(-_FLOAT16_LARGEST, _FLOAT16_LARGEST).half().numpy()
            return half
        return x

    def _decode(self, x: NDArray[Any]) -> Tensor:
        if x.dtype == np.uint8:
            return torch.from_numpy(self._levels.take(x))
        return torch.from_numpy(x).float()
