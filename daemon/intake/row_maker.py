"""From decoded records to rows that can be learned: labels encoded, the stream's features added."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from connectors.decoder import PreparingDecoder, Reject
from connectors.record import event_position
from daemon.intake.features.stream import StreamFeatures
from daemon.intake.labels.label_columns import label_columns, label_width
from strategies.batch import UNKNOWN, Batch, provenance_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from connectors.decoder import Decoder, Rows
    from connectors.record import Record
    from daemon.intake.features.categories import Categories
    from daemon.intake.features.options import FeaturesSection
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.labels.label_columns import Labels
    from daemon.intake.labels.options import ClassLabel, NumberLabel


class RowMaker:
    """Decodes records of one stream and makes batches of them; features that look back have a history here.

    ``labels`` and ``categories`` may be another stream's too: a class then has one index in both, a category one
    column.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        features: FeaturesSection,
        label: ClassLabel | NumberLabel,
        labels: LabelEncoder,
        categories: Categories,
    ) -> None:
        self.decoder = decoder
        self.labels = labels
        self.categories = categories
        self._options = features
        self._label = label
        self._features: StreamFeatures | None = None

    @property
    def names(self) -> Sequence[str] | None:
        """Names of a row's columns; None before the first event has shown its fields."""
        return None if self._features is None else self._features.names

    @property
    def features(self) -> StreamFeatures:
        """What adds features to a row, with the history that they look back on.

        Raises ``FieldNameError`` where one is declared of a field that is not there.
        """
        if self._features is None:
            assert self.decoder.fields is not None, "a decoded row has fixed the fields"
            self._features = StreamFeatures(
                self._options, self.decoder.fields, label_width=label_width(self._label)
            )
        return self._features

    @property
    def begun(self) -> bool:
        """Whether there is a history."""
        return self._features is not None

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what these records need from elsewhere; raise ``DecoderUnavailableError`` where they have to wait."""
        if isinstance(self.decoder, PreparingDecoder):
            self.decoder.prepare(records)

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Return what can be decoded, and what cannot."""
        rows, rejects = self.decoder.decode(records)
        missing = self.categories.missing(rows.cells)
        if not missing:
            return rows, rejects
        found = [
            Reject(rows.records[row], "features", "missing_field", f"Category {field!r} is absent or null.")
            for row, field in sorted(missing.items())
        ]
        return rows.chosen(~np.isin(np.arange(len(rows)), list(missing))), [*rejects, *found]

    def encode(self, rows: Rows) -> tuple[Rows, Labels[Any]]:
        """Return the rows whose label can be learned, and the labels of all."""
        labels = self.labels.encode(rows.label)
        return (rows.chosen(labels.accepted) if labels.faults else rows), labels

    def batch(self, rows: Rows, labels: NDArray[Any], task: Tensor) -> Batch:
        """Return rows with their labels ``(rows,)`` and tasks ``(rows,)`` as they are learned."""
        x = self.features.transform(
            rows.x,
            key=rows.key,
            label_values=label_columns(labels, self._label),
            time=rows.time,
            flags=self.categories.columns(rows.cells) if self.categories.names else None,
        )
        return Batch(
            x=torch.from_numpy(x.astype(np.float32)),
            y=torch.from_numpy(labels),
            task=task,
            provenance=_provenance(rows),
        )


def _provenance(rows: Rows) -> Tensor:
    """Return where the rows are from.

    A partition is numbered together with its topic's name, so that no two of a stream are taken for one.
    """
    keys = rows.key
    keyless = keys.count(None) == len(keys)
    topics = {topic: zlib.crc32(topic.encode()) << 20 for topic in {record.topic for record in rows.records}}
    return provenance_table(
        key=np.full(len(keys), UNKNOWN)
        if keyless
        else [UNKNOWN if key is None else zlib.crc32(key) for key in keys],
        partition=[topics[record.topic] + record.partition for record in rows.records],
        offset=list(map(event_position, rows.records)),
        time_ms=np.where(np.isnan(rows.time), UNKNOWN, rows.time * 1000),
    )
