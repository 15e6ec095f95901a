"""The plant's events: any of them, at any time, in any order."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.year.campaigns import campaign_numbers, campaigns, product_codes
from benchmarks.year.incidents import Wear, incidents, outages
from benchmarks.year.quantities import LATENTS, MACHINES, Physics, recipes
from benchmarks.year.sensors import CHANCES, read, show
from benchmarks.year.states import NEW_STATES, STATES, states

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Codes = NDArray[np.int64]

LABEL_NOISE = 0.015
"""The share of labels that are wrong, by chance: nobody can be right more often than in the rest."""
CEILING = 1 - LABEL_NOISE
BLOCK_ROWS = 4096
"""Rows that share a random generator; how many are asked for at once makes no difference."""
_EVENTS, _HELD_OUT = 2, 3  # numbers of random streams; campaigns and physics have 0 and 1
_OLD_STATES = len(STATES) - len(NEW_STATES)
DECIMALS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Some events, ``(rows,)`` each."""

    time: Floats
    """In days since the beginning."""
    machine: Codes
    campaign: Codes
    readings: Floats
    """``(rows, columns)``."""
    state: Codes
    """What is true."""
    label: Codes
    """What is told: the same, but for ``LABEL_NOISE``."""

    def __len__(self) -> int:
        return len(self.time)

    def __getitem__(self, rows: slice) -> Rows:
        return Rows(**{name: getattr(self, name)[rows] for name in self.__slots__})


class Simulator:
    """A year of a plant, or as many days, in as many events; the same for the same arguments, bit for bit."""

    def __init__(self, *, events: int, days: float = 365.0, seed: int = 0) -> None:
        self.events = events
        self.days = days
        self.seed = seed
        self.campaigns = campaigns(days, seed=seed)
        self.incidents = incidents(self.campaigns)
        self.outages = outages(self.campaigns)
        self._physics = Physics(days=days, seed=seed)
        self._recipes = recipes()
        self._wear = Wear(self.incidents, nominal=self._nominal())
        self._block = lru_cache(maxsize=4)(self._new_block)

    def rows(self, start: int, stop: int) -> Rows:
        """Return the events from number ``start`` to before ``stop``, in the order of their time."""
        first, last = start // BLOCK_ROWS, (stop - 1) // BLOCK_ROWS
        blocks = [self._block(number) for number in range(first, last + 1)]
        cut = slice(start - first * BLOCK_ROWS, stop - first * BLOCK_ROWS)
        if len(blocks) == 1:
            return blocks[0][cut]
        return Rows(
            **{name: np.concatenate([getattr(one, name) for one in blocks])[cut] for name in Rows.__slots__}
        )

    def held_out(self, day: int, count: int, *, sensors_of: float | None = None) -> Rows:
        """Return ``count`` rows of a day that are no events, whose label is the truth.

        With ``sensors_of`` the world is that of the day, and its sensors are those of another time, in days.
        """
        rng = np.random.default_rng((self.seed, _HELD_OUT, day))
        time = day + np.sort(rng.random(count))
        rows = self._rows(time, rng, sensors_of=sensors_of)
        return replace(rows, label=rows.state)

    def events_before(self, time: float) -> int:
        """Return how many events come before a time in days."""
        running = time - sum(min(max(time - gap.start, 0), gap.end - gap.start) for gap in self.outages)
        return min(self.events, max(0, round(self.events * running / self._running_days)))

    def known(self, rows: Rows) -> Codes:
        """Return the state ``(rows,)`` that somebody would tell who knows the plant and sees the readings alone."""
        readings = rows.readings.copy()
        self._wear.undo(readings, rows.time, rows.machine)
        broken = self._wear.broken(readings.shape, rows.time, rows.machine)
        return states(read(readings, broken), product_codes(rows.time, self.campaigns), self._recipes)

    @property
    def _running_days(self) -> float:
        return self.days - sum(gap.end - gap.start for gap in self.outages)

    def _new_block(self, number: int) -> Rows:
        rng = np.random.default_rng((self.seed, _EVENTS, number))
        places = number * BLOCK_ROWS + np.arange(BLOCK_ROWS) + rng.random(BLOCK_ROWS)
        return self._rows(self._times(places), rng)

    def _times(self, places: Floats) -> Floats:
        """Return when events come, in days: evenly, but for the outages."""
        time = places * (self._running_days / self.events)
        for gap in self.outages:
            time = np.where(time >= gap.start, time + (gap.end - gap.start), time)
        return time

    def _rows(self, time: Floats, rng: np.random.Generator, *, sensors_of: float | None = None) -> Rows:
        machine = rng.integers(0, MACHINES, len(time))
        chance = rng.standard_normal((len(time), len(LATENTS) + CHANCES + 1))
        product = product_codes(time, self.campaigns)
        quantities = self._physics(time, machine, product, chance[:, : len(LATENTS)])
        readings = show(quantities, product, machine, chance[:, len(LATENTS) : -1], self._recipes)
        self._wear.apply(
            readings, time if sensors_of is None else np.full_like(time, sensors_of), machine, chance[:, -1]
        )
        state = states(quantities, product, self._recipes)
        return Rows(
            time=time,
            machine=machine,
            campaign=campaign_numbers(time, self.campaigns),
            readings=np.round(readings, DECIMALS),
            state=state,
            label=_mistaken(state, rng),
        )

    def _nominal(self) -> Floats:
        """Return a reading ``(columns,)`` of each sensor that is nothing out of the ordinary."""
        none = np.zeros(1, dtype=np.int64)
        chance = np.zeros((1, len(LATENTS) + CHANCES))
        quantities = self._physics(np.zeros(1), none, none, chance[:, : len(LATENTS)])
        nominal: Floats = show(quantities, none, none, chance[:, len(LATENTS) :], self._recipes)[0]
        return nominal


def _mistaken(state: Codes, rng: np.random.Generator) -> Codes:
    """Return labels that are now and then another of the states that have always been there."""
    draw = rng.random(len(state))
    another = rng.integers(1, _OLD_STATES, len(state))
    old = np.where(state < _OLD_STATES, (state + another) % _OLD_STATES, another)
    return np.where(draw < LABEL_NOISE, old, state)
