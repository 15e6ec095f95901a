"""Whether the model can still learn: silent units, what its features tell apart, the size of its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.telemetry.metrics.family import Family

if TYPE_CHECKING:
    from daemon.telemetry.metrics.board import Board
    from strategies.plasticity import Plasticity

MAX_LAYERS = 64
DORMANT = Family(
    "retaind_plasticity_dormant_units_ratio",
    "gauge",
    "Share of the hidden units that a layer takes which are hardly ever active, as of the last evaluation.",
    ("layer",),
)
RANK = Family(
    "retaind_plasticity_effective_rank",
    "gauge",
    "Effective rank of the features that the last layer takes, as of the last evaluation.",
)
NORM = Family(
    "retaind_plasticity_weight_norm",
    "gauge",
    "Euclidean norm of a layer's parameters, as of the last evaluation.",
    ("layer",),
)
GRADIENT = Family(
    "retaind_plasticity_gradient_norm",
    "gauge",
    "Euclidean norm of a layer's part of the newest gradient, as of the last evaluation.",
    ("layer",),
)
FAMILIES = (DORMANT, RANK, NORM, GRADIENT)


class PlasticityMetrics:
    """Shows how able to learn a network is; nothing where its layers cannot be looked at."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._layers = board.labels("layer", limit=MAX_LAYERS)

    def show(self, plasticity: Plasticity) -> None:
        """Show what was measured. Layers beyond the bound are not shown."""
        with self._board.tell() as now:
            now.set(RANK, plasticity.effective_rank)
            by_layer = (
                (DORMANT, plasticity.dormant),
                (NORM, plasticity.weight_norm),
                (GRADIENT, plasticity.gradient_norm),
            )
            for family, figures in by_layer:
                for layer, value in figures.items():
                    place = now.place(self._layers, layer)
                    if place != self._layers.other:
                        now.set(family, value, *place)
