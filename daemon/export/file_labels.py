"""Which labels the events of a file bring, to themselves or to earlier ones, and what each may know of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from daemon.intake.labels.label_columns import label_columns, label_width
from daemon.intake.later.label_lags import LabelLags
from daemon.learning.committee.later_keys import HeardLabels
from strategies.row_holder import key_hash, key_hashes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from connectors.decoder import Rows
    from daemon.config.schema import Config
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.later.label_finder import LabelFinder

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Told:
    """What some events tell of labels."""

    heard: HeardLabels
    values: Floats
    """The events' own labels ``(rows, label_width)``, 0 where one is not known; without columns where they come
    later."""
    known: Floats | None = None
    """The labels that each event may know ``(rows, depth, label_width)``, where they come later."""


class FileLabels(Protocol):
    """Follows the labels through a file."""

    def follow(self, rows: Rows) -> Told:
        """Return what the next events tell."""


class InEvents:
    """Each event may bring its own label along."""

    def __init__(self, config: Config, labels: LabelEncoder) -> None:
        self._label = config.label
        self._labels = labels

    def follow(self, rows: Rows) -> Told:
        """Return the labels that are known, each of which comes after its event."""
        values = np.zeros((len(rows), label_width(self._label)))
        given = np.array([place for place, label in enumerate(rows.label) if label is not None], dtype=np.int64)
        encoded = self._labels.encode([rows.label[place] for place in given])
        given = given[encoded.accepted]
        if len(given):
            values[given] = label_columns(encoded.values, self._label)
        keys = key_hashes([rows.key[place] for place in given])
        return Told(HeardLabels(keys, encoded.values, given + 1), values)


class InTheFuture:
    """Labels are values of later events."""

    def __init__(self, config: Config, finder: LabelFinder) -> None:
        self._label = config.label
        self._finder = finder
        features = config.features
        self._lags = LabelLags(
            depth=features.label_lags,
            width=label_width(config.label),
            per_key=features.per_key,
            max_keys=features.max_keys,
        )
        self._hashes: dict[int, int] = {}
        """Of the keys of the events that wait, by number."""

    def follow(self, rows: Rows) -> Told:
        """Return the labels that have come for these events and earlier ones."""
        first = self._finder.patience.next
        self._hashes |= {first + place: key_hash(key) for place, key in enumerate(rows.key)}
        heard, found, _ = self._finder.find(rows, (), among=rows.records)
        columns: Any = label_columns(heard.label, self._label)
        known = self._lags.follow(rows.key, first=first, heard=heard, columns=columns)
        self._lags.forget(found.gone)
        keys = np.array([self._hashes.pop(number) for number in heard.number.tolist()], dtype=np.int64)
        for number in found.gone:
            self._hashes.pop(number, None)
        return Told(HeardLabels(keys, heard.label, heard.before), np.empty((len(rows), 0)), known)
