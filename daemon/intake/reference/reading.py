"""From the records from before the stream to rows as the stream has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.intake.features.field_names import FieldNameError
from daemon.intake.reference.rows import ReferenceRows
from daemon.scoring.probe_sets import holds_out
from strategies.memory import Memory
from strategies.provenance import UNKNOWN
from strategies.reservoir import Reservoir
from strategies.storage import RowStorage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from connectors.decoder import Rows
    from connectors.record import Record
    from daemon.intake.labels.label_columns import Labels
    from daemon.intake.row_maker import RowMaker
    from strategies.options.buffer import Precision


class UnusableReferenceError(ValueError):
    """Too few of the records from before the stream can be used; the message says why."""


class ReferenceReader:
    """Decodes records from before the stream and keeps a uniform sample of the rows.

    ``rows`` has the stream's own encoder of labels: the classes met here come first in an open set. Features that
    look back (lags, rolling statistics) are computed along these records with a history of their own, which the
    stream does not go on with, just as its own begins at zero. The task of the rows is unknown.
    """

    def __init__(
        self,
        rows: RowMaker,
        *,
        most_rows: int,
        probe_share: float,
        precision: Precision,
        value_range: tuple[float, float],
        classification: bool,
        generator: np.random.Generator,
    ) -> None:
        self._rows = rows
        self._most_rows = most_rows
        self._probe_share = probe_share
        self._precision: Precision = precision
        self._value_range = value_range
        self._classification = classification
        self._reservoir = Reservoir(most_rows, generator=generator)
        self._memory: Memory | None = None
        self._complaint = ""
        self.records = 0
        self.rejected = 0

    def read(self, groups: Iterable[Sequence[Record]], *, seed: int, max_rejected_share: float) -> ReferenceRows:
        """Return a sample of all records, split by a hash of their positions.

        Raises ``UnusableReferenceError`` where no record can be used, or more than the tolerated share can't.
        """
        for records in groups:
            for some in self._rows.admit(records):
                self._take(some)
        for some in self._rows.rest():
            self._take(some)
        if not self.records:
            raise UnusableReferenceError("its source holds no record")
        if self._memory is None or self.rejected > max_rejected_share * self.records:
            raise UnusableReferenceError(
                f"{self.rejected} of its {self.records} records cannot be used; the first: {self._complaint}"
            )
        kept, names = self._memory.rows(), self._rows.features.names
        rows = self._memory.storage.part(np.arange(len(kept)), np.arange(len(names)))
        probe = holds_out(kept.partition.numpy(), kept.offset.numpy(), share=self._probe_share, seed=seed)
        return ReferenceRows.split(rows, names=names, probe=probe)

    def _take(self, records: Sequence[Record]) -> None:
        rows, rejects = self._rows.decode(records)
        taken, labels = self._rows.encode(rows)
        # A message may hold several events, and what the format has to have, such as a deletion, is no fault.
        self.records += max(len(records), len(rows) + len(rejects))
        complaints = [each.message for each in rejects if not each.expected]
        complaints += [fault.message for fault in labels.faults]
        self.rejected += len(complaints)
        self._complaint = self._complaint or next(iter(complaints), "")
        if len(taken):
            self._keep(taken, labels)

    def _keep(self, rows: Rows, labels: Labels[Any]) -> None:
        try:
            batch = self._rows.batch(rows, labels.values, torch.full((len(rows),), UNKNOWN))
        except FieldNameError as error:
            raise UnusableReferenceError(f"its rows cannot have the stream's features: {error}") from error
        if self._memory is None:
            self._memory = Memory(self._storage(self._most_rows, features=batch.x.shape[1]), self._reservoir)
        self._memory.offer(batch, groups=batch.task)

    def _storage(self, rows: int, *, features: int) -> RowStorage:
        return RowStorage(
            rows,
            features=features,
            classification=self._classification,
            precision=self._precision,
            value_range=self._value_range,
        )
