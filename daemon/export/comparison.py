"""Whether an export says what the daemon would say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.export.description import NotExportedError
from daemon.export.runtime import run, session_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from daemon.export.graph import ServedGraph
    from daemon.learning.event_predictor import EventPredictor

TOLERANCE = 1e-4
"""Of probabilities; of numbers relative to how far the largest is from the origin of the labels."""
_NOBODY = -2
"""The hash of no key, nor of having none."""


def compare(
    content: bytes, graph: ServedGraph, predictor: EventPredictor, rows: NDArray[np.float32], *, task: int
) -> None:
    """Raise ``NotExportedError`` where a file says another thing of rows ``(rows, features)``, less their origins.

    They are asked as rows of a key that was never met, and where a committee answers, of keys that were, one after
    another. Where there are no rows, one of zeros is asked.
    """
    session, x = session_of(content), rows if len(rows) else np.zeros((1, len(predictor.rows.origin)), np.float32)
    features = x.astype(np.float64) + predictor.rows.origin
    expected = _said(predictor, x, keys=np.full(len(x), _NOBODY), task=task)
    size = _size(expected, predictor)
    _require_alike(run(session, features), expected, size=size)
    if graph.committee is not None and len(known := graph.committee.keys):
        keys = np.resize(known, len(x))
        _require_alike(
            run(session, features, graph.known_of(keys, x)), _said(predictor, x, keys=keys, task=task), size=size
        )


def _said(predictor: EventPredictor, x: NDArray[np.float32], *, keys: NDArray[np.int64], task: int) -> NDArray[Any]:
    """Return what the daemon would say, as an export does."""
    said = predictor.say_of(x, key=keys, task=np.full(len(x), task))
    if said.probabilities is not None:
        return said.probabilities
    return np.array([np.nan if value is None else value for value in said.prediction])[:, np.newaxis]


def _require_alike(said: NDArray[Any], expected: NDArray[Any], *, size: float) -> None:
    if said.shape != expected.shape or not np.allclose(
        said, expected, rtol=0, atol=TOLERANCE * size, equal_nan=True
    ):
        raise NotExportedError(
            "the file would not say what the daemon says; a feature that is read in another unit than it comes in"
            " has no form in it (the log tells of it)"
        )


def _size(expected: NDArray[Any], predictor: EventPredictor) -> float:
    """Return what the tolerance is a share of: how far the largest number is from the labels' origin."""
    if predictor.class_names:
        return 1.0
    return float(np.nanmax(np.abs(expected - predictor.label_origin), initial=0.0)) or 1.0
