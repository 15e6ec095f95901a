"""What sensors make of the quantities, as they were installed: two of each, and what stands beside them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.year.quantities import MACHINES, NOMINAL_RPM, QUANTITIES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from benchmarks.year.quantities import Recipe

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sensor:
    """Shows ``gain · quantity^power + offset``, exactly: who knows it needs no more than one of the two."""

    name: str
    quantity: str
    gain: float = 1.0
    power: float = 1.0
    offset: float = 0.0

    def show(self, quantity: Floats) -> Floats:
        """Return the readings ``(rows,)``."""
        return self.gain * (quantity if self.power == 1 else quantity**self.power) + self.offset

    def read(self, reading: Floats) -> Floats:
        """Return the quantity ``(rows,)`` that a reading is of."""
        shown = (reading - self.offset) / self.gain
        return shown if self.power == 1 else np.maximum(shown, 0) ** (1 / self.power)


SENSORS = (
    Sensor("hall_temperature", "ambient"),
    Sensor("roof_temperature", "ambient", gain=1.1, offset=-2.0),
    Sensor("motor_rpm", "speed"),
    Sensor("motor_hertz", "speed", gain=1 / 30),
    Sensor("shaft_rpm", "driven"),
    Sensor("shaft_pulses", "driven", gain=0.4),
    Sensor("inlet_pressure", "inlet"),
    Sensor("inlet_pressure_2", "inlet", gain=0.98, offset=12.0),
    Sensor("outlet_pressure", "outlet"),
    Sensor("outlet_pressure_2", "outlet", gain=0.97, offset=20.0),
    Sensor("flow", "flow"),
    Sensor("orifice_difference", "flow", gain=0.01, power=2.0),
    Sensor("bearing_temperature", "bearing"),
    Sensor("bearing_temperature_2", "bearing", gain=0.9, offset=3.0),
    Sensor("oil_temperature", "oil"),
    Sensor("sump_temperature", "oil", gain=0.85, offset=5.0),
    Sensor("vibration", "vibration"),
    Sensor("vibration_2", "vibration", gain=2.0, power=0.5),
    Sensor("current", "current"),
    Sensor("power", "current", gain=0.62, offset=1.5),
)
BESIDE = ("setpoint_rpm", "hardness", "rated_rpm", "humidity", "mains_voltage", "tank_level")
"""What the recipe and the name plate say, and three that say nothing about the machine's state."""
COLUMNS = (*(sensor.name for sensor in SENSORS), *BESIDE)
CHANCES = 3
"""Random numbers that a row takes for what stands beside the sensors."""


def column(name: str) -> int:
    """Return the number of a sensor's column."""
    return COLUMNS.index(name)


def show(quantities: Floats, product: NDArray[np.int64], machine: NDArray[np.int64], chance: Floats,
         recipe: Recipe) -> Floats:  # fmt: skip
    """Return the readings ``(rows, columns)`` of sensors as they were installed.

    ``chance`` is ``(rows, CHANCES)``, standard normal.
    """
    shown = [sensor.show(quantities[:, QUANTITIES.index(sensor.quantity)]) for sensor in SENSORS]
    beside = (
        NOMINAL_RPM * recipe.speed[product],
        recipe.hardness[product],
        NOMINAL_RPM * np.linspace(0.95, 1.05, MACHINES)[machine],
        55 + 12 * chance[:, 0],
        400 + 3 * chance[:, 1],
        np.abs(60 + 20 * chance[:, 2]),
    )
    return np.stack((*shown, *beside), axis=1)


def read(readings: Floats, broken: NDArray[np.bool_]) -> Floats:
    """Return the quantities ``(rows, quantities)``, each from its first sensor that is not ``broken``.

    ``readings`` and ``broken`` are ``(rows, columns)``.
    """
    quantities = np.empty((len(readings), len(QUANTITIES)))
    for place, name in enumerate(QUANTITIES):
        first, second = (number for number, sensor in enumerate(SENSORS) if sensor.quantity == name)
        quantities[:, place] = np.where(
            broken[:, first], SENSORS[second].read(readings[:, second]), SENSORS[first].read(readings[:, first])
        )
    return quantities
