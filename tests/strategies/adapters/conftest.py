"""Small models, and the same with an adapter."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import torch

from strategies import MODELS
from strategies.adapters import ADAPTERS
from strategies.adapters.adapter import Ground

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

OUTPUTS, TASKS = 4, 5
MODELS_OF_A_TEST: dict[str, tuple[int, dict[str, Any]]] = {
    "linear": (6, {}),
    "mlp": (6, {"hidden": (9, 8)}),
    "cnn": (64, {"shape": (1, 8, 8), "channels": (4, 6), "hidden": 7}),
}


@pytest.fixture
def plain() -> Callable[..., tuple[nn.Module, torch.Tensor]]:
    """Return a maker of small models by name, with some rows for them."""

    def make(name: str, *, seed: int = 0, rows: int = 6) -> tuple[nn.Module, torch.Tensor]:
        features, options = MODELS_OF_A_TEST[name]
        kind: Any = MODELS[name].load()
        torch.manual_seed(seed)
        return kind(kind.Options(**options), features=features, outputs=OUTPUTS), torch.randn(rows, features)

    return make


@pytest.fixture
def adapted() -> Callable[..., nn.Module]:
    """Return what adapts a module, which is changed."""

    def adapt(module: nn.Module, name: str, **options: Any) -> nn.Module:
        kind = ADAPTERS[name].load()
        return kind(kind.Options(type=name, **options), ground=Ground(tasks=TASKS)).adapt(module)

    return adapt
