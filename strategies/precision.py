"""How the values of a remembered row are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch

from strategies.column_code import ColumnCode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from strategies.options.buffer import Precision

    Floats = NDArray[np.float32] | NDArray[np.float64]


_FLOAT16_LARGEST = 65_504.0
_FLOAT32_LARGEST = float(np.finfo(np.float32).max)


class Float32:
    """Four bytes a value, as it came."""

    ranged: ClassVar[bool] = False
    """Whether values are expected to lie in a range, and cut off where they don't."""

    def __init__(self, features: int, value_range: tuple[float, float]) -> None:
        self._features = features

    def zeros(self, rows: int) -> NDArray[Any]:
        """Return room for so many rows."""
        return np.zeros((rows, self._features), dtype=np.float32)

    def put(self, kept: NDArray[Any], slots: NDArray[np.int64], x: Floats) -> None:
        """Keep rows ``(rows, features)`` in slots ``(rows,)`` of ``kept``; of rows for one slot the last stays."""
        kept[slots] = self.encode(x)

    def encode(self, x: Floats) -> NDArray[Any]:
        """Return rows ``(rows, features)`` as they are kept."""
        return x

    def decode(self, kept: NDArray[Any]) -> Floats:
        """Return kept rows as ``(rows, features)``."""
        return kept

    def pick(self, kept: NDArray[Any], columns: NDArray[np.int64]) -> NDArray[Any]:
        """Return some columns of kept rows, as they are kept."""
        return kept[:, columns]

    def state_of(self, columns: NDArray[np.int64]) -> dict[str, Any]:
        """Return what is known of some columns, as ``state_dict`` does of all."""
        return {}

    def state_dict(self) -> dict[str, Any]:
        """Return what is known of the columns."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any], *, filled: int) -> None:
        """Take up what is known of the columns; the first ``filled`` slots hold rows."""

    def keep(self, filled: int) -> None:
        """Take note that only the first ``filled`` slots hold rows now."""


class Half(Float32):
    """Two bytes a value around zero: eleven significant bits, up to 65,504, beyond which a value is cut off."""

    def zeros(self, rows: int) -> NDArray[Any]:
        """Return room for so many rows."""
        return np.zeros((rows, self._features), dtype=np.float16)

    def encode(self, x: Floats) -> NDArray[Any]:
        """Return rows as they are kept."""
        # numpy converts float16 ten times slower.
        half: NDArray[Any] = torch.from_numpy(x).clamp(-_FLOAT16_LARGEST, _FLOAT16_LARGEST).half().numpy()
        return half

    def decode(self, kept: NDArray[Any]) -> Floats:
        """Return kept rows."""
        rows: Floats = torch.from_numpy(kept).float().numpy()
        return rows


class Float16(Half):
    """Two bytes a value: eleven significant bits of its distance from where its column lies: see ``ColumnCode``.

    Sixteen bytes a column are taken besides.
    """

    def __init__(self, features: int, value_range: tuple[float, float]) -> None:
        super().__init__(features, value_range)
        self._code = ColumnCode(features)
        self._filled = 0

    def put(self, kept: NDArray[Any], slots: NDArray[np.int64], x: Floats) -> None:
        """Keep rows, and learn of their columns."""
        if len(slots):
            self._code.put(kept, slots, x.astype(np.float64), filled=self._filled)
            self._filled = max(self._filled, int(slots.max()) + 1)

    def decode(self, kept: NDArray[Any]) -> Floats:
        """Return kept rows; what rounds to more than float32 can hold is the most that it can."""
        return np.clip(self._code.decode(kept), -_FLOAT32_LARGEST, _FLOAT32_LARGEST).astype(np.float32)

    def decode_exactly(self, kept: NDArray[Any]) -> NDArray[np.float64]:
        """Return kept rows in float64."""
        return self._code.decode(kept)

    def state_of(self, columns: NDArray[np.int64]) -> dict[str, Any]:
        """Return what is known of some columns."""
        return self._code.part(columns).state_dict()

    def state_dict(self) -> dict[str, Any]:
        """Return what is known of the columns."""
        return self._code.state_dict()

    def load_state_dict(self, state: Mapping[str, Any], *, filled: int) -> None:
        """Take up what is known of the columns."""
        self._code.load_state_dict(state)
        self._filled = filled

    def keep(self, filled: int) -> None:
        """Take note that only the first ``filled`` slots hold rows now."""
        self._filled = filled


class Uint8(Float32):
    """One byte a value: 256 steps of a range; images lose nothing."""

    ranged = True
    steps: ClassVar[int] = 256

    def __init__(self, features: int, value_range: tuple[float, float]) -> None:
        super().__init__(features, value_range)
        self._low, self._high = value_range
        # The float32 nearest to each step; a product or sum in float32 would miss some of them.
        self._levels = np.linspace(self._low, self._high, self.steps).astype(np.float32)

    def zeros(self, rows: int) -> NDArray[Any]:
        """Return room for so many rows."""
        return np.zeros((rows, self._features), dtype=np.uint8)

    def encode(self, x: Floats) -> NDArray[Any]:
        """Return rows as they are kept."""
        last = self.steps - 1
        steps: NDArray[Any] = np.rint((x - self._low) * (last / (self._high - self._low)))
        return np.clip(steps, 0, last, out=steps).astype(np.uint8)

    def decode(self, kept: NDArray[Any]) -> Floats:
        """Return kept rows."""
        return self._levels.take(kept)


class Uint4(Uint8):
    """Half a byte a value: 16 steps of a range, two values to a byte."""

    steps = 16

    def __init__(self, features: int, value_range: tuple[float, float]) -> None:
        super().__init__(features, value_range)
        self._range = value_range
        byte = np.arange(256)
        self._pairs = np.stack((self._levels[byte >> 4], self._levels[byte & 15]), axis=1)

    def zeros(self, rows: int) -> NDArray[Any]:
        """Return room for so many rows."""
        return np.zeros((rows, (self._features + 1) // 2), dtype=np.uint8)

    def encode(self, x: Floats) -> NDArray[Any]:
        """Return rows as they are kept."""
        steps = np.zeros((len(x), 2 * ((self._features + 1) // 2)), dtype=np.uint8)
        steps[:, : self._features] = super().encode(x)
        packed: NDArray[Any] = steps[:, ::2] << 4 | steps[:, 1::2]
        return packed

    def decode(self, kept: NDArray[Any]) -> Floats:
        """Return kept rows."""
        return self._pairs.take(kept, axis=0).reshape(len(kept), 2 * kept.shape[1])[:, : self._features]

    def pick(self, kept: NDArray[Any], columns: NDArray[np.int64]) -> NDArray[Any]:
        """Return some columns of kept rows."""
        return Uint4(len(columns), self._range).encode(self.decode(kept)[:, columns])


PRECISIONS: dict[Precision, type[Float32]] = {
    "float32": Float32,
    "float16": Float16,
    "uint8": Uint8,
    "uint4": Uint4,
}
