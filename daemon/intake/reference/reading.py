"""From the records of before the stream to rows as the stream has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.intake.features.field_names import FieldNameError
from daemon.intake.features.stream import StreamFeatures
from daemon.intake.intake import provenance_of, select
from daemon.intake.labels.label_columns import label_columns, label_width
from daemon.intake.labels.options import ClassLabel
from daemon.intake.reference.rows import ReferenceRows
from daemon.scoring.probe_sets import holds_out
from strategies.batch import Batch
from strategies.memory import Memory
from strategies.network import UNKNOWN
from strategies.reservoir import Reservoir
from strategies.storage import RowStorage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Decoder, Rows
    from connectors.record import Record
    from daemon.intake.features.options import FeaturesSection
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.labels.options import NumberLabel
    from strategies.precision import Precision


class UnusableReferenceError(ValueError):
    """Too few of the records of before can be used; the message says why."""


class ReferenceReader:
    """Decodes records of before the stream and keeps a uniform sample of the rows.

    Labels go through the stream's own encoder: the classes met here come first in an open set. Features that look
    back (lags, rolling statistics) are computed along these records with a history of their own, which the stream
    does not go on with, just as its own begins at zero. The task of the rows is unknown.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        most_rows: int,
        probe_share: float,
        precision: Precision,
        value_range: tuple[float, float],
        features: FeaturesSection,
        label: ClassLabel | NumberLabel,
        labels: LabelEncoder,
        generator: np.random.Generator,
    ) -> None:
        self._most_rows = most_rows
        self._probe_share = probe_share
        self._precision: Precision = precision
        self._value_range = value_range
        self._decoder = decoder
        self._features_options = features
        self._label = label
        self._labels = labels
        self._reservoir = Reservoir(most_rows, generator=generator)
        self._features: StreamFeatures | None = None
        self._memory: Memory | None = None
        self._complaint = ""
        self.records = 0
        self.rejected = 0

    def read(self, groups: Iterable[Sequence[Record]], *, seed: int, max_rejected_share: float) -> ReferenceRows:
        """Return a sample of all records, split by a hash of their positions.

        Raises ``UnusableReferenceError`` where no record can be used, or more than the tolerated share can't.
        """
        for records in groups:
            self._take(records)
        if not self.records:
            raise UnusableReferenceError("its source holds no record")
        if self._memory is None or self._features is None or self.rejected > max_rejected_share * self.records:
            raise UnusableReferenceError(
                f"{self.rejected} of its {self.records} records cannot be used; the first: {self._complaint}"
            )
        kept = self._memory.rows()
        rows = self._storage(len(kept), features=kept.x.shape[1])
        rows.write(np.arange(len(kept)), kept, np.arange(len(kept)))
        position = kept.provenance.numpy()
        probe = holds_out(position[:, 1], position[:, 2], share=self._probe_share, seed=seed)
        return ReferenceRows.split(rows, names=self._features.names, probe=probe)

    def _take(self, records: Sequence[Record]) -> None:
        rows, rejects = self._decoder.decode(records)
        labels = self._labels.encode(rows.label)
        self.records += len(records)
        self.rejected += len(rejects) + len(labels.faults)
        complaints = [reject.message for reject in rejects] + [fault.message for fault in labels.faults]
        self._complaint = self._complaint or next(iter(complaints), "")
        if labels.faults:
            rows = select(rows, labels.accepted)
        if len(rows):
            self._keep(rows, labels.values)

    def _keep(self, rows: Rows, labels: NDArray[Any]) -> None:
        x = self._stream_features().transform(
            rows.x, key=rows.key, label_values=label_columns(labels, self._label), time=rows.time
        )
        batch = Batch(
            x=torch.from_numpy(x.astype(np.float32)),
            y=torch.from_numpy(labels),
            task=torch.full((len(rows),), UNKNOWN),
            provenance=torch.from_numpy(provenance_of(rows)),
        )
        if self._memory is None:
            self._memory = Memory(self._storage(self._most_rows, features=x.shape[1]), self._reservoir)
        self._memory.offer(batch, groups=batch.task)

    def _stream_features(self) -> StreamFeatures:
        if self._features is None:
            assert self._decoder.fields is not None, "a decoded row has fixed the fields"
            width = label_width(self._label)
            try:
                self._features = StreamFeatures(self._features_options, self._decoder.fields, label_width=width)
            except FieldNameError as error:
                raise UnusableReferenceError(f"its rows cannot have the stream's features: {error}") from error
        return self._features

    def _storage(self, rows: int, *, features: int) -> RowStorage:
        return RowStorage(
            rows,
            features=features,
            classification=isinstance(self._label, ClassLabel),
            precision=self._precision,
            value_range=self._value_range,
        )
