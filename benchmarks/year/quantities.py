"""The physics of the plant: what is true of a machine at a moment, whatever its sensors say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.year.campaigns import PRODUCTS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

MACHINES = 6
QUANTITIES = (
    "ambient", "speed", "driven", "inlet", "outlet", "flow", "bearing", "oil", "vibration", "current",
)  # fmt: skip
"""°C, two in rpm, two in hPa, m³/h, two in °C, mm/s, A."""
LATENTS = ("weather", "load", "speed", "inlet", "friction", "blockage", "imbalance", "leak", "slip", "oil")
"""What moves a quantity, each by itself: a slow part of some hours to days, and a quick one of each reading."""
WAVES = 3
NOMINAL_RPM, NOMINAL_FLOW, NOMINAL_RISE = 1500.0, 80.0, 900.0
OIL_RATIO = 0.6
"""How much of the bearing's rise over the ambient temperature good oil shows."""
SELDOM = 2.1
"""Above it, in about a hundredth of the time, a rare fault is there."""
LEAK_FROM, SLIP_FROM, OIL_FROM = 0.18, 0.44, 0.70
"""Shares of the year at which a fault happens for the first time."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the products ask for and allow; every array is ``(products,)``."""

    load: Floats
    speed: Floats
    hardness: Floats
    most_heat: Floats
    """The limit of a bearing's temperature over the ambient one, in °C."""
    most_blockage: Floats
    most_imbalance: Floats
    most_current: Floats


def recipes() -> Recipe:
    """Return those of all products: the plant is the same whatever the seed."""
    rng = np.random.default_rng(7)

    def between(low: float, high: float) -> Floats:
        """Return values that lie evenly between two, in an order by chance."""
        return rng.permutation(np.linspace(low, high, len(PRODUCTS)))

    load, speed, hardness = between(0.5, 1.0), between(0.7, 1.15), between(0.7, 1.4)
    return Recipe(
        load=load,
        speed=speed,
        hardness=hardness,
        most_heat=6 + 26 * load * between(1.05, 1.3),
        most_blockage=between(1.15, 1.4),
        most_imbalance=between(1.3, 1.7),
        most_current=42 * load * speed * between(1.05, 1.2),
    )


class Physics:
    """The quantities as a function of time, machine and chance."""

    def __init__(self, *, days: float, seed: int) -> None:
        rng = np.random.default_rng((seed, 1))
        shape = (MACHINES, len(LATENTS), WAVES)
        self._days = days
        self._frequency = 2 * np.pi / np.exp(rng.uniform(np.log(0.15), np.log(5.0), shape))
        self._phase = rng.uniform(0, 2 * np.pi, shape)
        self._speed = np.linspace(0.95, 1.05, MACHINES)
        self._recipe = recipes()

    def __call__(
        self, time: Floats, machine: NDArray[np.int64], product: NDArray[np.int64], chance: Floats
    ) -> Floats:
        """Return ``(rows, quantities)`` at times ``(rows,)`` in days.

        ``chance`` ``(rows, latents)`` is standard normal.
        """
        slow = self._slow(time, machine)
        quick = dict(zip(LATENTS, chance.T, strict=True))
        made, since = self._recipe, time / self._days
        load = np.clip(made.load[product] * _shift(time) + 0.1 * slow["load"] + 0.05 * quick["load"], 0.1, 1.5)
        pace = (
            made.speed[product]
            * (0.7 + 0.3 * load)
            * self._speed[machine]
            * np.exp(0.02 * slow["speed"] + 0.02 * quick["speed"])
        )
        friction = np.exp(0.25 * slow["friction"] + 0.15 * quick["friction"])
        blockage = np.exp(0.2 * slow["blockage"] + 0.15 * quick["blockage"])
        slip = _seldom(slow["slip"], quick["slip"], since >= SLIP_FROM, most=0.25)
        leak = _seldom(slow["leak"], quick["leak"], since >= LEAK_FROM, most=0.35)
        burnt = _seldom(slow["oil"], quick["oil"], since >= OIL_FROM, most=0.5)
        driven = pace * (1 - slip)
        ambient = 14 + _seasons(time) + 1.5 * slow["weather"] + 0.3 * quick["weather"]
        inlet = 1000 + 12 * slow["inlet"] + 6 * quick["inlet"]
        heat = 6 + 26 * load * friction
        return np.stack(
            (
                ambient,
                NOMINAL_RPM * pace,
                NOMINAL_RPM * driven,
                inlet,
                inlet + NOMINAL_RISE * made.hardness[product] * driven**2 * blockage,
                NOMINAL_FLOW * driven * blockage**-0.5 * (1 - leak),
                ambient + heat,
                ambient + OIL_RATIO * heat * (1 + burnt),
                np.exp(0.3 * slow["imbalance"] + 0.2 * quick["imbalance"]) * pace**2,
                42 * load * pace * friction**0.2,
            ),
            axis=1,
        )

    def _slow(self, time: Floats, machine: NDArray[np.int64]) -> dict[str, Floats]:
        """Return the slow part of each latent ``(rows,)``, of unit variance over long times."""
        slow = {}
        for place, name in enumerate(LATENTS):
            angle = self._frequency[machine, place]
            angle *= time[:, None]
            angle += self._phase[machine, place]
            slow[name] = np.sqrt(2 / WAVES) * np.sin(angle, out=angle).sum(1)
        return slow


def _seasons(time: Floats) -> Floats:
    seasons: Floats = 10 * np.sin(2 * np.pi * (time - 110) / 365) + 4 * np.sin(2 * np.pi * (time - 0.375))
    return seasons


def _shift(time: Floats) -> Floats:
    """Return how busy the plant is at the time of day: less at night."""
    busy: Floats = 0.92 + 0.08 * np.tanh(4 * np.sin(2 * np.pi * (time - 0.25)))
    return busy


def _seldom(slow: Floats, quick: Floats, happens: NDArray[np.bool_], *, most: float) -> Floats:
    """Return how bad a rare fault is, from nothing to ``most``; now and then it sets in, at once and plainly."""
    bad = slow + 0.4 * quick - SELDOM
    return np.where(happens & (bad > 0), most * (0.5 + 0.5 * np.tanh(bad)), 0.0)
