"""A companion's scale is what it would be alone, bit for bit, whether it was computed for it or taken over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from daemon.learning.shared_scale import SharedScale
from strategies.scaler import OnlineScaler
from strategies.young_scale import SETTLED_ROWS

if TYPE_CHECKING:
    from torch import Tensor

ROWS, LIMIT = 100, 4.0


class Counted(OnlineScaler):
    """Counts how often it has scaled for itself."""

    absorbed = 0

    def absorb(self, x: Tensor) -> Tensor:
        self.absorbed += 1
        return super().absorb(x)


def inputs() -> list[Tensor]:
    """Blocks of a stream with a value that is out of reach now and then."""
    torch.manual_seed(3)
    x = torch.randn(SETTLED_ROWS + 30 * ROWS, 3)
    x[SETTLED_ROWS + 55 :: 170] = 1e6
    x[2_000:, 1] += 3
    return list(x.split(ROWS))


@pytest.mark.parametrize("late", [0, 2])
def test_it_is_the_scale_of_a_companion_alone(late: int) -> None:
    main, own, alone = OnlineScaler(3, limit=LIMIT), Counted(3, limit=LIMIT), OnlineScaler(3, limit=LIMIT)
    shared = SharedScale(main, own)
    for number, x in enumerate(inputs()):
        scaled = torch.cat((main.absorb(x[:30]), main.absorb(x[30:])))
        if number < late:
            continue
        assert torch.equal(shared.absorb(x, scaled=scaled), alone.absorb(x))
        for scale in (main, own, alone):
            scale.follow(carries=True)
        shared.followed()
        assert torch.equal(own.scale(x), alone.scale(x))
        assert own.is_like(alone)
    assert own.limited == alone.limited > 0
    # At first nobody knows what the main learner's was; one that began later never has the same.
    assert own.absorbed == (1 if late == 0 else len(inputs()) - late)
