"""How the values of a remembered row are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
import torch

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

Precision = Literal["float32", "float16", "uint8", "uint4"]

_FLOAT16_LARGEST = 65_504.0


class Float32:
    """Four bytes a value, as it came."""

    ranged: ClassVar[bool] = False
    """Whether values are expected to lie in a range, and cut off where they don't."""

    def __init__(self, features: int, value_range: tuple[float, float]) -> None:
        self._features = features

    def zeros(self, rows: int) -> NDArray[Any]:
        """Return room for so many rows."""
        return np.zeros((rows, self._features), dtype=np.float32)

    def encode(self, x: Floats) -> NDArray[Any]:
        """Return rows ``(rows, features)`` as they are kept."""
        return x

    def decode(self, kept: NDArray[Any]) -> Floats:
        """Return kept rows as ``(rows, features)``."""
        return kept


class Float16(Float32):
    """Two bytes a value: eleven significant bits, up to 65,504, beyond which a value is cut off."""

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


PRECISIONS: dict[Precision, type[Float32]] = {
    "float32": Float32,
    "float16": Float16,
    "uint8": Uint8,
    "uint4": Uint4,
}
