"""Rows kept compactly in memory of a fixed size."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import torch

from strategies.batch import PROVENANCE_COLUMNS, Batch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import Tensor

Precision = Literal["float32", "float16", "uint8"]
_DTYPES = {"float32": torch.float32, "float16": torch.float16, "uint8": torch.uint8}
_FLOAT16_LARGEST = 65_504.0


class RowStorage:
    """``capacity`` slots for rows of ``features`` values, in fixed memory.

    ``uint8`` keeps values of a declared range in 256 steps (images lose nothing), ``float16`` eleven significant
    bits; a value outside of what the format can hold is clipped to it. Labels take 4 bytes, the task 2, the
    provenance 32.
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
        self._range = value_range
        self._x = torch.zeros((capacity, features), dtype=_DTYPES[precision])
        self._y = torch.zeros(capacity, dtype=torch.int32 if classification else torch.float32)
        self._task = torch.zeros(capacity, dtype=torch.int16)
        self._provenance = torch.zeros(capacity, len(PROVENANCE_COLUMNS), dtype=torch.int64)

    @staticmethod
    def row_bytes(features: int, precision: Precision) -> int:
        """Return the bytes that one row takes."""
        return features * _DTYPES[precision].itemsize + 4 + 2 + 8 * len(PROVENANCE_COLUMNS)

    @property
    def capacity(self) -> int:
        """Number of slots."""
        return len(self._y)

    @property
    def nbytes(self) -> int:
        """Bytes of all slots, filled or not."""
        return sum(column.nbytes for column in self._columns().values())

    @property
    def task(self) -> Tensor:
        """Task of every slot ``(capacity,) int16``."""
        return self._task

    @property
    def y(self) -> Tensor:
        """Label of every slot ``(capacity,) int32 | float32``."""
        return self._y

    def write(self, slots: Tensor, rows: Batch) -> None:
        """Put ``rows`` into ``slots`` ``(rows,) int64``, which must be distinct."""
        self._x[slots] = self._encode(rows.x)
        self._y[slots] = rows.y.to(self._y.dtype)
        self._task[slots] = rows.task.to(torch.int16)
        self._provenance[slots] = rows.provenance

    def read(self, slots: Tensor) -> Batch:
        """Return the rows in ``slots`` ``(rows,) int64``."""
        y = self._y.index_select(0, slots)
        return Batch(
            x=self._decode(self._x.index_select(0, slots)),
            y=y if y.dtype == torch.float32 else y.long(),
            task=self._task.index_select(0, slots).long(),
            provenance=self._provenance.index_select(0, slots),
        )

    def state_dict(self, filled: int) -> dict[str, Any]:
        """Return the first ``filled`` slots."""
        return {name: column[:filled] for name, column in self._columns().items()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up slots from the first on; raise ``ValueError`` where they were stored differently."""
        for name, column in self._columns().items():
            saved = torch.as_tensor(state[name])
            if saved.dtype != column.dtype or saved.shape[1:] != column.shape[1:] or len(saved) > len(column):
                raise ValueError(
                    f"the checkpoint's buffer holds {tuple(saved.shape)} {saved.dtype} as {name},"
                    f" the configured one {tuple(column.shape)} {column.dtype}"
                )
            column[: len(saved)] = saved

    def _columns(self) -> dict[str, Tensor]:
        return {"x": self._x, "y": self._y, "task": self._task, "provenance": self._provenance}

    def _encode(self, x: Tensor) -> Tensor:
        if self._x.dtype == torch.uint8:
            low, high = self._range
            return ((x - low) * (255.0 / (high - low))).round_().clamp_(0, 255).to(torch.uint8)
        if self._x.dtype == torch.float16:
            return x.clamp(-_FLOAT16_LARGEST, _FLOAT16_LARGEST).to(torch.float16)
        return x

    def _decode(self, x: Tensor) -> Tensor:
        if x.dtype == torch.uint8:
            low, high = self._range
            return x.float().mul_((high - low) / 255.0).add_(low)
        return x.float()
