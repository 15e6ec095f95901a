"""What happens to sensors in a year: they fail, are replaced, drift, and change their unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from benchmarks.year.sensors import SENSORS, column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from benchmarks.year.campaigns import Campaign

    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

Kind = Literal["stuck", "sentinel", "noise", "replaced", "unit", "drift"]
FAILURES = ("stuck", "sentinel", "noise")
SENTINEL = -9999.0
INTO = 0.35
"""How far into its campaign an incident begins, so that what is learned of the product is known by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """One sensor, or several, of one machine or of all, show something else for a while or for good."""

    kind: Kind
    sensors: tuple[str, ...]
    start: float
    """In days since the beginning."""
    end: float = np.inf
    machine: int | None = None
    """None: all."""
    gain: float = 1.0
    offset: float = 0.0

    def rows(self, time: Floats, machine: NDArray[np.int64]) -> Flags:
        """Return which of the rows ``(rows,)`` it changes."""
        within = (time >= self.start) & (time < self.end)
        return within if self.machine is None else within & (machine == self.machine)

    @property
    def columns(self) -> NDArray[np.int64]:
        """Those that it changes."""
        return np.array([column(name) for name in self.sensors], dtype=np.int64)

    def gains(self, time: Floats) -> Floats:
        """Return by what readings ``(rows, 1)`` are multiplied: all at once, or ever more where it drifts."""
        share = (time - self.start) / (self.end - self.start) if self.kind == "drift" else np.ones(len(time))
        return 1 + (self.gain - 1) * share[:, None]


@dataclass(frozen=True, slots=True)
class Outage:
    """Nothing comes, of any machine."""

    start: float
    end: float


def _of(*quantities: str) -> tuple[str, ...]:
    """Return all sensors of some quantities: whoever changes a unit changes it everywhere."""
    return tuple(sensor.name for sensor in SENSORS if sensor.quantity in quantities)


def incidents(made: Sequence[Campaign]) -> tuple[Incident, ...]:
    """Return those of the year, in the order in which they begin; each lies within a campaign."""

    def at(number: int) -> float:
        return made[number].start + INTO * _length(made[number])

    def until(number: int, share: float) -> float:
        return at(number) + share * _length(made[number])

    pressures, temperatures = _of("inlet", "outlet"), _of("bearing", "oil", "ambient")
    return (
        Incident(kind="stuck", sensors=("bearing_temperature",), machine=1, start=at(2), end=until(2, 0.3)),
        Incident(kind="sentinel", sensors=("flow",), machine=2, start=at(4), end=until(4, 0.3)),
        Incident(kind="noise", sensors=("vibration",), machine=3, start=at(6), end=until(6, 0.3)),
        Incident(kind="replaced", sensors=("current",), machine=0, start=at(8), gain=1.08, offset=2.0),
        Incident(kind="unit", sensors=pressures, start=at(10), end=at(30), gain=100.0),  # hPa → Pa → hPa
        Incident(kind="sentinel", sensors=("oil_temperature",), start=at(13), end=until(13, 0.2)),
        Incident(kind="drift", sensors=("vibration", "flow"), start=at(14), end=at(23), gain=1.25),
        Incident(kind="unit", sensors=temperatures, start=at(17), gain=1.8, offset=32.0),  # °C → °F
        Incident(kind="replaced", sensors=("orifice_difference",), machine=5, start=at(20), gain=0.9, offset=1.5),
        Incident(kind="stuck", sensors=("motor_rpm", "shaft_rpm"), machine=4, start=at(24), end=until(24, 0.3)),
        Incident(kind="unit", sensors=_of("flow"), start=at(26), gain=4.4, offset=0.0),  # m³/h → US gal/min
        Incident(kind="noise", sensors=("inlet_pressure",), start=at(28), end=until(28, 0.3)),
        Incident(kind="sentinel", sensors=("motor_hertz",), start=at(32), end=until(32, 0.3)),
    )


def outages(made: Sequence[Campaign]) -> tuple[Outage, ...]:
    """Return when nothing comes: two in the year, a fifth of a campaign each."""
    found = [made[number] for number in (12, 31)]
    return tuple(Outage(one.start + INTO * _length(one), one.start + (INTO + 0.2) * _length(one)) for one in found)


def _length(campaign: Campaign) -> float:
    return campaign.end - campaign.start


class Wear:
    """All incidents together, from readings as installed to those that come, and back."""

    def __init__(self, every: Sequence[Incident], *, nominal: Floats) -> None:
        self._lasting = [one for one in every if one.kind not in FAILURES]
        self._failures = [one for one in every if one.kind in FAILURES]
        self._nominal = nominal

    def apply(self, readings: Floats, time: Floats, machine: NDArray[np.int64], chance: Floats) -> None:
        """Change readings ``(rows, columns)`` in place to what comes of them; ``chance`` ``(rows,)`` is normal."""
        for one in self._lasting:
            rows = np.flatnonzero(one.rows(time, machine))
            if len(rows):
                at = np.ix_(rows, one.columns)
                readings[at] = readings[at] * one.gains(time[rows]) + one.offset
        for one in self._failures:
            rows = np.flatnonzero(one.rows(time, machine))
            if len(rows):
                at = np.ix_(rows, one.columns)
                readings[at] = self._failed(one, readings[at], chance[rows, None])

    def undo(self, readings: Floats, time: Floats, machine: NDArray[np.int64]) -> None:
        """Change readings ``(rows, columns)`` in place to those as installed; those that are broken stay wrong."""
        for one in reversed(self._lasting):
            rows = np.flatnonzero(one.rows(time, machine))
            if len(rows):
                at = np.ix_(rows, one.columns)
                readings[at] = (readings[at] - one.offset) / one.gains(time[rows])

    def broken(self, shape: tuple[int, ...], time: Floats, machine: NDArray[np.int64]) -> Flags:
        """Return which of the readings ``(rows, columns)`` say nothing."""
        broken = np.zeros(shape, dtype=np.bool_)
        for one in self._failures:
            broken[np.ix_(np.flatnonzero(one.rows(time, machine)), one.columns)] = True
        return broken

    def _failed(self, one: Incident, readings: Floats, chance: Floats) -> Floats:
        if one.kind == "sentinel":
            return np.full_like(readings, SENTINEL)
        if one.kind == "stuck":
            return np.broadcast_to(self._nominal[one.columns], readings.shape)
        return readings + 0.5 * np.abs(readings) * chance
