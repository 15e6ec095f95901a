"""From decoded records to rows that can be learned: labels encoded, the stream's features added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from connectors.decoder import LooksAhead, PreparingDecoder, Reject
from connectors.record import UnreadableRecord, event_position, readable
from daemon.intake.asked_rows import KnownLags, RowGlance
from daemon.intake.column import Column
from daemon.intake.features.categories import Categories
from daemon.intake.features.stream import StreamFeatures
from daemon.intake.first_events import FirstEvents
from daemon.intake.imputer import Imputer
from daemon.intake.labels.label_columns import label_columns, label_width
from daemon.intake.labels.options import ClassLabel
from daemon.intake.origins import Origins
from strategies.batch import Batch, provenance_table
from strategies.provenance import UNKNOWN, partition_number
from strategies.row_holder import key_hashes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from torch import Tensor

    from connectors.decoder import Decoder, Rows
    from connectors.decoders.value_meaning import ValueMeaning
    from connectors.decoders.value_options import MissingPolicy
    from connectors.record import Record
    from daemon.intake.features.key_slots import KeySlots
    from daemon.intake.features.options import FeaturesSection
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.labels.label_columns import Labels
    from daemon.intake.labels.options import NumberLabel
    from strategies.row_holder import Gone


class RowMaker:
    """Decodes records of one stream and makes batches of them; features that look back have a history here.

    ``labels``, ``categories`` and ``origins`` may be another stream's too: a class then has one index, a category
    one column, a field one origin in both. Gaps are filled here as ``missing`` says, from rows that were accepted
    alone.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        features: FeaturesSection,
        label: ClassLabel | NumberLabel,
        labels: LabelEncoder,
        categories: Categories | None = None,
        origins: Origins | None = None,
        missing: MissingPolicy = "reject",
        first_events: int = 1,
        later_labels: bool = False,
        examples: Callable[[Sequence[Record]], Sequence[Record]] = readable,
        meaning: ValueMeaning | None = None,
    ) -> None:
        """``examples`` returns which of the first records are events, where others hold labels."""
        self.decoder = decoder
        self.labels = labels
        self.categories = Categories({}) if categories is None else categories
        self.origins = Origins(features=False, label=False) if origins is None else origins
        self._meaning = meaning
        self._options = features
        self._later_labels = later_labels
        self._examples = examples
        self._label = label
        self._imputer = Imputer(missing, max_keys=features.max_keys)
        self._first = FirstEvents(first_events)
        self._features: StreamFeatures | None = None
        self._origin: NDArray[np.float64] | None = None

    @property
    def names(self) -> Sequence[str] | None:
        """Names of a row's columns; None before the first event has shown its fields."""
        return None if self._features is None else self._features.names

    @property
    def named_columns(self) -> list[Column]:
        """What each column of a row is called and holds; there has been an event."""
        features = self.features
        return list(map(Column, features.names, features.about, self.origins.of(features.about).tolist()))

    @property
    def features(self) -> StreamFeatures:
        """What adds features to a row, with the history that they look back on.

        Raises ``FieldNameError`` where one is declared of a field that is not there.
        """
        if self._features is None:
            assert self.decoder.fields is not None, "a decoded row has fixed the fields"
            self._features = StreamFeatures(
                self._options,
                self.decoder.fields,
                label_width=label_width(self._label),
                later_labels=self._later_labels,
            )
        return self._features

    def begin(self) -> None:
        """Begin a history: a decoded row has fixed the fields. Raises ``FieldNameError`` as ``features`` does."""
        assert self.features

    @property
    def begun(self) -> bool:
        """Whether there is a history."""
        return self._features is not None

    @property
    def held(self) -> int:
        """How many of the first events are held back until there are enough."""
        return len(self._first)

    @property
    def keys(self) -> list[KeySlots]:
        """The keys that something is remembered of."""
        history = None if self._features is None else self._features.keys
        return [self._imputer.keys, *([] if history is None else [history])]

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what these records and those that are held back need from elsewhere.

        Raises ``DecoderUnavailableError`` where they have to wait.
        """
        if isinstance(self.decoder, PreparingDecoder):
            self.decoder.prepare(readable([*self._first.records, *records]))

    def admit(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        """Yield groups of records that are to be made rows before the next is asked for.

        The first events are one group, once there are enough of them. Where no row could be made of them, the next
        ones are the first.
        """
        while records and not self.begun:
            records = self._first.hold(records)
            if self._first.full:
                yield self._looked_at()
        if records:
            yield records

    def rest(self) -> Iterator[Sequence[Record]]:
        """Yield what is held back: no others will come, or not soon."""
        if len(self._first):
            yield self._looked_at()

    def _looked_at(self) -> Sequence[Record]:
        records = self._first.take()
        if isinstance(self.decoder, LooksAhead):
            self.decoder.look_at(self._examples(records))
        return records

    def decode(self, records: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Return what can be decoded, and what cannot; what the source could not read is not even tried."""
        rows, rejects = self.decoder.decode(readable(records))
        rejects += unreadable(records)
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
        labels = self.labels.encode(rows.label, key=key_hashes(rows.key))
        return (rows.chosen(labels.accepted) if labels.faults else rows), labels

    def batch(self, rows: Rows, labels: NDArray[Any], task: Tensor) -> Batch:
        """Return rows with their labels ``(rows,)`` and tasks ``(rows,)`` as they are learned."""
        self._choose_origins(rows, labels)
        x = self._inputs(rows, label_values=label_columns(labels, self._label))
        return Batch(x=x, y=self.targets(labels), task=task, provenance=_provenance(rows))

    def unlabelled(
        self,
        rows: Rows,
        task: Tensor,
        *,
        known_labels: NDArray[np.float64],
        like_labels: NDArray[np.float64] | None,
    ) -> Batch:
        """Return rows whose labels, 0 until then, come later.

        ``known_labels`` are those that each row may know: see ``StreamFeatures.transform``. ``like_labels``
        ``(rows,)`` lie where the labels will; None where nobody can say.
        """
        self._choose_origins(rows, like_labels)
        x = self._inputs(rows, label_values=np.empty((len(rows), 0)), known_labels=known_labels)
        none = np.zeros(len(rows), dtype=np.int64 if isinstance(self._label, ClassLabel) else np.float32)
        return Batch(x=x, y=torch.from_numpy(none), task=task, provenance=_provenance(rows))

    def targets(self, labels: NDArray[Any]) -> Tensor:
        """Return labels ``(rows,)`` as they are learned: class indices, or numbers beyond their origin."""
        if isinstance(self._label, ClassLabel):
            return torch.from_numpy(labels)
        return torch.from_numpy((labels - self.origins.label).astype(np.float32))

    def take_first_label(self, label: float) -> None:
        """Let the labels' origin be chosen by this one, where it is the first and nothing has told it before."""
        if self.origins.choose_label(label):
            self._origin = self.origins.of(self.features.about)

    def _choose_origins(self, rows: Rows, labels: NDArray[Any] | None) -> None:
        if self._origin is None:
            self.origins.choose(self.decoder.fields or (), x=rows.x, label=labels)
            self._origin = self.origins.of(self.features.about)

    def _inputs(
        self, rows: Rows, *, label_values: NDArray[np.float64], known_labels: NDArray[np.float64] | None = None
    ) -> Tensor:
        x = self.columns(rows, label_values, known_labels=known_labels)
        assert self._origin is not None, "chosen before"
        if self._origin.any():
            x -= self._origin
        return torch.from_numpy(x.astype(np.float32))

    def columns(
        self, rows: Rows, label_values: NDArray[np.float64], *, known_labels: NDArray[np.float64] | None = None
    ) -> NDArray[np.float64]:
        """Return the columns ``(rows, names) float64`` of rows, in their own units, and remember the rows."""
        return self.features.transform(
            self._imputer.fill(rows.x, key=rows.key),
            key=rows.key,
            label_values=label_values,
            time=rows.time,
            flags=self.categories.columns(rows.cells, key=key_hashes(rows.key)) if self.categories.names else None,
            known_labels=known_labels,
        )

    def glance(self, lags: KnownLags | None = None) -> RowGlance:
        """Return what makes rows of what is asked, as this would of the next event; a live view.

        ``lags`` are the labels that have come, where labels come later.
        """
        features = self.features
        return RowGlance(
            self.decoder.fields or (),
            meaning=self._meaning,
            imputer=self._imputer,
            features=features,
            categories=self.categories,
            origin=self.origins.of(features.about),
            lags=lags,
        )

    def forget(self, gone: Gone) -> dict[str, int]:
        """Let what rows depend on go; return how much: see ``RowHolder``."""
        return {
            "first events": self._first.forget(gone),
            "values for gaps": self._imputer.forget(gone),
            "feature histories": self.features.forget(gone) if self.begun else 0,
            "names": self.labels.forget(gone) + self.categories.forget(gone),
        }

    def state_dict(self) -> dict[str, Any]:
        """Return what rows depend on besides their records, but for the labels' names."""
        return {
            "decoder": self.decoder.state_dict(),
            "imputer": self._imputer.state_dict(),
            "origins": self.origins.state_dict(),
            "first": self._first.state_dict(),
            "features": self.features.state_dict() if self.begun else {},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        self.decoder.load_state_dict(state["decoder"])
        self._imputer.load_state_dict(state["imputer"])
        self.origins.load_state_dict(state["origins"])
        self._first.load_state_dict(state["first"])
        if state["features"]:
            self.features.load_state_dict(state["features"])


def unreadable(records: Sequence[Record]) -> list[Reject]:
    """Return the rejects of what the source could not read."""
    return [
        Reject(record, "read", "unreadable", record.problem)
        for record in records
        if isinstance(record, UnreadableRecord)
    ]


def _provenance(rows: Rows) -> Tensor:
    """Return where the rows are from."""
    topics = {topic: partition_number(topic, 0) for topic in {record.topic for record in rows.records}}
    return provenance_table(
        key=key_hashes(rows.key),
        partition=[topics[record.topic] + record.partition for record in rows.records],
        offset=list(map(event_position, rows.records)),
        time_ms=np.where(np.isnan(rows.time), UNKNOWN, rows.time * 1000),
    )
