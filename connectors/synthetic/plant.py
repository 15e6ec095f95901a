"""A simulated plant whose operating regimes follow one another and return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import orjson

from connectors.synthetic.options import REGIMES, PlantOptions
from connectors.synthetic.source import EPOCH_SECONDS, SyntheticSource

if TYPE_CHECKING:
    from numpy.typing import NDArray

FAULTS = ("normal", "leak", "blockage", "bearing", "fouling", "valve")
NORMAL_SHARE = 0.4
SENSORS = 8
SEVERITY = 2.0  # of a fault, in the sensors' common unit of one spread
LOAD = 0.2  # strength of the three common causes that move the sensors together
NOISE = 0.2  # strength of each sensor's own noise

CENTRE = np.array([65.0, 4.2, 120.0, 0.8, 37.0, 55.0, 1480.0, 18.0])
SPREAD = np.array([8.0, 0.4, 15.0, 0.15, 4.0, 9.0, 60.0, 3.0])

# Where each regime runs, in spreads from the centre: one row a regime, one column a sensor.
OPERATING_POINT = np.array(
    [
        [0.0, 0.3, -0.3, -0.9, -0.5, -1.0, 0.1, 1.3],
        [-0.5, 0.7, 1.4, -0.2, 0.9, 0.2, -1.2, -0.4],
        [1.5, -0.6, 0.5, 1.1, 0.4, -0.9, 0.8, 0.2],
        [-1.1, -1.3, 0.2, 0.6, -1.2, 0.9, 0.5, -0.7],
        [0.6, 1.2, -1.2, 0.4, -0.3, 1.3, -0.5, -1.1],
    ]
)

# How a fault shows: five orthogonal patterns of unit length, rows of a Hadamard matrix.
PATTERN = np.array(
    [
        [1, -1, 1, -1, 1, -1, 1, -1],
        [1, 1, -1, -1, 1, 1, -1, -1],
        [1, -1, -1, 1, 1, -1, -1, 1],
        [1, 1, 1, 1, -1, -1, -1, -1],
        [1, -1, 1, -1, -1, 1, -1, 1],
    ]
) / np.sqrt(SENSORS)


class PlantSource(SyntheticSource):
    """Delivers ``{"s1": …, "s8": …, "regime": …, "fault": …, "ts": …}`` as JSON.

    The control loops of each regime change a fault's effect: the pattern that means a leak in one regime means a
    blockage in the next. It is unambiguous only together with the operating point, which the sensors show too; so a
    model that learns the newest regime alone forgets the older ones.

    >>> source = PlantSource(PlantOptions())
    >>> source.open({"offset": 30_000})
    >>> [record] = source.poll(1, 0.0)
    >>> event = orjson.loads(record.value)
    >>> list(event)[-3:], event["regime"], record.offset
    (['regime', 'fault', 'ts'], 'part_load', 30000)
    """

    Options: ClassVar[type[PlantOptions]] = PlantOptions

    def __init__(self, options: PlantOptions, **collaborators: Any) -> None:
        super().__init__(options, **collaborators)
        self._options = options
        self._regimes = np.array([REGIMES.index(name) for name in options.regimes])
        loads = np.random.Generator(np.random.PCG64(7))  # the plant is the same whatever the seed
        self._loads = LOAD * loads.standard_normal((len(REGIMES), SENSORS, 3))

    def _values(self, offsets: NDArray[np.int64], generator: np.random.Generator) -> list[bytes]:
        segment = np.minimum(offsets * len(self._regimes) // self._options.events, len(self._regimes) - 1)
        regime = self._regimes[segment]
        fault = self._faults(len(offsets), generator)
        x = CENTRE + SPREAD * self._sensors(regime, fault, generator)
        return [
            orjson.dumps(
                {
                    **{f"s{n + 1}": value for n, value in enumerate(row)},
                    "regime": REGIMES[r],
                    "fault": FAULTS[f],
                    "ts": EPOCH_SECONDS + offset,
                }
            )
            for row, r, f, offset in zip(
                np.round(x, 3).tolist(), regime.tolist(), fault.tolist(), offsets.tolist(), strict=True
            )
        ]

    def _faults(self, events: int, generator: np.random.Generator) -> NDArray[np.int64]:
        healthy = generator.random(events) < NORMAL_SHARE
        return np.where(healthy, 0, generator.integers(1, len(FAULTS), events))

    def _sensors(
        self, regime: NDArray[np.int64], fault: NDArray[np.int64], generator: np.random.Generator
    ) -> NDArray[np.float64]:
        causes = generator.standard_normal((len(regime), 1, 3))
        noise = (self._loads[regime] * causes).sum(axis=2)
        noise += NOISE * generator.standard_normal((len(regime), SENSORS))
        severity = np.where(fault == 0, 0.0, SEVERITY * generator.uniform(0.8, 1.2, len(regime)))
        pattern = PATTERN[(fault - 1 + regime) % len(PATTERN)]
        sensors: NDArray[np.float64] = (
            OPERATING_POINT[regime] + self._options.noise * noise + severity[:, None] * pattern
        )
        return sensors
