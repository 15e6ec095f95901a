"""The label: what state a machine is in, by what is true of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.year.quantities import NOMINAL_FLOW, NOMINAL_RISE, NOMINAL_RPM, OIL_RATIO, QUANTITIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.year.quantities import Recipe

STATES = ("normal", "imbalance", "hot", "blocked", "overload", "burnt_oil", "leak", "slip")
"""From the least grave to the gravest: a machine is in the gravest that applies."""
NEW_STATES = ("burnt_oil", "leak", "slip")
"""Those that nobody has seen when the year begins."""
LEAST_SLIP, LEAST_LEAK, LEAST_BURNT = 0.05, 0.08, 0.1


def states(quantities: NDArray[np.float64], product: NDArray[np.int64], recipe: Recipe) -> NDArray[np.int64]:
    """Return the index ``(rows,)`` in ``STATES`` for quantities ``(rows, quantities)`` of what is made."""
    q = dict(zip(QUANTITIES, quantities.T, strict=True))
    driven = q["driven"] / NOMINAL_RPM
    heat = q["bearing"] - q["ambient"]
    blockage = (q["outlet"] - q["inlet"]) / (NOMINAL_RISE * recipe.hardness[product] * driven**2)
    applies = (
        q["vibration"] / (q["speed"] / NOMINAL_RPM) ** 2 > recipe.most_imbalance[product],
        heat > recipe.most_heat[product],
        blockage > recipe.most_blockage[product],
        q["current"] > recipe.most_current[product],
        (q["oil"] - q["ambient"]) / heat > OIL_RATIO * (1 + LEAST_BURNT),
        q["flow"] * np.sqrt(np.maximum(blockage, 0)) / (NOMINAL_FLOW * driven) < 1 - LEAST_LEAK,
        q["driven"] / q["speed"] < 1 - LEAST_SLIP,
    )
    state = np.zeros(len(quantities), dtype=np.int64)
    for grave, here in enumerate(applies, start=1):
        state[here] = grave
    return state
