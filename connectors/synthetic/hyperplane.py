"""Rotating hyperplanes: the classic stream with gradual drift, here also with concepts that change and return."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import orjson

from connectors.synthetic.options import HyperplaneOptions
from connectors.synthetic.source import EPOCH_SECONDS, SyntheticSource

if TYPE_CHECKING:
    from numpy.typing import NDArray


class HyperplaneSource(SyntheticSource):
    """Delivers ``{"x1": …, "label": 0 or 1, "task": "concept_0", "ts": …}`` as JSON.

    Hulten, Spencer and Domingos 2001, "Mining time-changing data streams", in the variant where the normal turns
    in a fixed plane, so that the event at any offset can be computed by itself.

    >>> source = HyperplaneSource(HyperplaneOptions(features=3, concepts=2, change_every=100))
    >>> source.open({"offset": 100})
    >>> [record] = source.poll(1, 0.0)
    >>> list(orjson.loads(record.value)), orjson.loads(record.value)["task"]
    (['x1', 'x2', 'x3', 'label', 'task', 'ts'], 'concept_1')
    """

    Options: ClassVar[type[HyperplaneOptions]] = HyperplaneOptions

    def __init__(self, options: HyperplaneOptions, **collaborators: Any) -> None:
        super().__init__(options, **collaborators)
        self._options = options
        # Blocks are seeded by two numbers, the concepts by three, so they never share a sequence.
        planes = np.random.Generator(np.random.PCG64([options.seed, 0, 1]))
        self._from, self._towards = planes.standard_normal((2, options.concepts, options.features))

    def _values(self, offsets: NDArray[np.int64], generator: np.random.Generator) -> list[bytes]:
        options = self._options
        concept = offsets // (options.change_every or 1) % options.concepts if options.change_every else offsets * 0
        x = np.round(generator.random((len(offsets), options.features)), 4)
        side = ((x - 0.5) * self._normals(offsets, concept)).sum(axis=1) > 0
        label = side ^ (generator.random(len(offsets)) < options.noise)
        names = [f"x{n + 1}" for n in range(options.features)]
        return [
            orjson.dumps(
                {**dict(zip(names, row, strict=True)), "label": y, "task": f"concept_{c}", "ts": EPOCH_SECONDS + o}
            )
            for row, y, c, o in zip(
                x.tolist(), label.astype(int).tolist(), concept.tolist(), offsets.tolist(), strict=True
            )
        ]

    def _normals(self, offsets: NDArray[np.int64], concept: NDArray[np.int64]) -> NDArray[np.float64]:
        angle = 2 * np.pi * self._options.turns_per_million * offsets[:, None] / 1e6
        normals: NDArray[np.float64] = np.cos(angle) * self._from[concept] + np.sin(angle) * self._towards[concept]
        return normals
