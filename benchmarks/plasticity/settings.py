"""What takes part: the defaults, what they are made of, and what they were."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from benchmarks.plasticity.stream import PIXELS
from daemon.build.load import load_bytes
from daemon.config.default_strategies import default_strategies

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.config.schema import Config

_DERPP = {"type": "derpp", "alpha": 0.2, "beta": 1.0}
_UNNAMED = default_strategies({"tasks": {"type": "none"}})

SETTINGS: Final[Mapping[str, list[dict[str, Any]]]] = {
    "naive": [],
    "default, tasks named": default_strategies({"tasks": {"type": "field"}}),
    "default, tasks not named": _UNNAMED,
    "derpp, beta 1, alone": [_DERPP],
    "replay alone": [{"type": "replay"}],
    "replay and ewc": [{"type": "replay"}, {"type": "ewc"}],
}
"""Name → the strategies."""


def configuration(strategies: list[dict[str, Any]], *, seed: int) -> Config:
    """Return what the learner is built from: the defaults, without a committee and what runs beside."""
    sections = {
        "source": {"type": "file", "path": "(the benchmark's stream)"},
        "decoder": {"type": "raw", "dtype": "float32", "shape": [PIXELS], "label": "label", "task": "task"},
        "label": {"classes": [str(digit) for digit in range(10)]},
        "tasks": {"type": "field"},
        "model": {"type": "mlp", "hidden": [64, 64]},
        "optimizer": {"type": "adam", "lr": 0.001},
        "learner": {"steps": "auto"},
        "strategies": strategies,
        "committee": None,
        "companions": {"naive": None, "frozen": None},
        "retention": {"probe_share": 0.0},
        "checkpoint": {"directory": "(none)"},
        "seed": seed,
    }
    # JSON is YAML.
    return load_bytes(json.dumps(sections).encode(), file="(the benchmark)", environ={})
