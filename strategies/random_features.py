"""Columns for a model that is linear in them: the inputs, and random features of the inputs."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor


class RandomFeatures:
    """relu(Rx + b) · 4 / √h of inputs ``(rows, inputs)``, with R ~ N(0, 1/inputs) and b ~ N(0, ¼) drawn once.

    Random hidden units that are never trained (Rahimi & Recht 2008; extreme learning machines, Huang et al. 2006).
    ``gain`` is a factor on x, for inputs that are not near unit deviation. The factor 4 / √h keeps the length of a
    row of features the same however many there are. They are drawn when this is made: the same generator makes the
    same features, and the state holds them.

    >>> features = RandomFeatures(3, features=5, generator=np.random.default_rng(0))
    >>> tuple(features(torch.ones(2, 3)).shape)
    (2, 5)
    """

    def __init__(self, inputs: int, *, features: int, generator: np.random.Generator, gain: float = 1.0) -> None:
        size = 4 / max(features, 1) ** 0.5
        mix = generator.standard_normal((inputs, features)) * (gain * size / max(inputs, 1) ** 0.5)
        shift = generator.standard_normal(features) * (size / 2)
        # In torch's own memory, which is aligned alike in every process.
        self.mix = torch.from_numpy(mix.astype(np.float32)).clone()
        """``(inputs, features) float32``."""
        self.shift = torch.from_numpy(shift.astype(np.float32)).clone()
        """``(features,) float32``."""

    def __call__(self, x: Tensor) -> Tensor:
        """Return the features ``(rows, features) float32`` of inputs ``(rows, inputs) float32``."""
        return torch.addmm(self.shift, x, self.mix).relu_()

    def state_dict(self) -> dict[str, Tensor]:
        """Return what was drawn."""
        return {"mix": self.mix, "shift": self.shift}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what was drawn; raise ``ValueError`` where the shapes differ."""
        mix, shift = torch.as_tensor(state["mix"]), torch.as_tensor(state["shift"])
        if mix.shape != self.mix.shape:
            raise ValueError(
                f"the checkpoint's random features are {tuple(mix.shape)} (inputs, features), the configured ones"
                f" {tuple(self.mix.shape)}"
            )
        self.mix.copy_(mix)
        self.shift.copy_(shift)


class NestedColumns:
    """[1, part, its random features, next part, …]: the columns of one view are the first of the next.

    The random features that follow a part read that part and all before it.

    >>> nested = NestedColumns([2, 3], features=[4, 0], generator=np.random.default_rng(0))
    >>> nested.views
    [7, 10]
    >>> tuple(nested([torch.ones(5, 2), torch.ones(5, 3)]).shape)
    (5, 10)
    """

    def __init__(
        self,
        widths: Sequence[int],
        *,
        features: Sequence[int],
        generator: np.random.Generator,
        gain: float = 1.0,
    ) -> None:
        self.random = [
            RandomFeatures(inputs, features=count, generator=generator, gain=gain)
            for inputs, count in zip(accumulate(widths), features, strict=True)
        ]
        added = [width + count for width, count in zip(widths, features, strict=True)]
        self.views = list(accumulate(added, initial=1))[1:]
        """How many columns each view has, as ``StreamingRidge`` takes them."""

    def __call__(self, parts: Sequence[Tensor]) -> Tensor:
        """Return the columns ``(rows, views[-1]) float32`` of parts ``(rows, width) float32``."""
        columns = [torch.ones(parts[0].shape[0], 1)]
        for last, random in enumerate(self.random):
            so_far = parts[0] if last == 0 else torch.cat(list(parts[: last + 1]), 1)
            columns += [parts[last], random(so_far)]
        return torch.cat(columns, 1)

    def state_dict(self) -> dict[str, Any]:
        """Return what was drawn."""
        return {str(place): random.state_dict() for place, random in enumerate(self.random)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up what was drawn; raise ``ValueError`` where the shapes differ."""
        for place, random in enumerate(self.random):
            random.load_state_dict(state[str(place)])
