"""What the events of a file tell of their keys, as a graph is given it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.learning.committee.later_class_keys import LaterClassKeys
from daemon.learning.committee.later_number_keys import LaterNumberKeys
from strategies.row_holder import key_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from daemon.export.description import Description
    from daemon.learning.committee.later_keys import HeardLabels


class KnownKeys:
    """Remembers each key's row before and its labels, in the order of the file; nothing for a network alone."""

    def __init__(self, description: Description) -> None:
        told, features = description.known, len(description.columns)
        self._classes = self._numbers = None
        if told and description.classes:
            self._classes = LaterClassKeys(features=features, code=np.array(told["code"], dtype=np.float32))
        elif told:
            self._numbers = LaterNumberKeys(features=features)

    def follow(
        self, keys: Sequence[bytes | None], x: NDArray[np.float64], heard: HeardLabels
    ) -> dict[str, NDArray[Any]]:
        """Return what is known before each row ``(rows, features)`` of the next ones; remember rows and labels."""
        hashes = key_hashes(keys)
        if self._classes is not None:
            past = self._classes.follow(hashes, x, heard)
            return {"difference": past.difference, "last_label": past.label, "faded_labels": past.faded}
        if self._numbers is not None:
            numbers = self._numbers.follow(hashes, x, heard)
            labels = np.where(numbers.known[:, None], numbers.labels, np.nan)
            return {"difference": numbers.difference, "last_labels": labels}
        return {}
