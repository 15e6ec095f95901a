"""From records to arrivals: decode, encode the label, name the task, add the stream's features."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from connectors.decoder import Reject, Rows
from daemon.intake.arrivals import Arrivals
from daemon.intake.features.stream import StreamFeatures
from daemon.intake.labels.encoder import label_encoder
from daemon.intake.labels.label_columns import label_columns, label_width
from daemon.scoring.probe_sets import holds_out
from daemon.tasks.contract import MISSING, Assigned
from strategies.batch import Batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Decoder
    from connectors.record import Record
    from daemon.intake.features.options import FeaturesSection
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.labels.options import ClassLabel, NumberLabel
    from daemon.tasks.contract import Tasks


class Intake:
    """Makes rows of what the source delivers, in order; what cannot be learned from becomes a reject.

    Its state is all that rows depend on beside their record: field order, imputation, class names, stream history.
    """

    def __init__(
        self,
        decoder: Decoder,
        *,
        features: FeaturesSection,
        label: ClassLabel | NumberLabel,
        tasks: Tasks,
        holdout_share: float,
        seed: int,
        known_classes: Sequence[str] = (),
    ) -> None:
        self._decoder = decoder
        self._features_options = features
        self._label = label
        self._labels = label_encoder(label, known=known_classes)
        self._tasks = tasks
        self._holdout_share = holdout_share
        self._seed = seed
        self._features: StreamFeatures | None = None

    @property
    def feature_names(self) -> Sequence[str] | None:
        """Names of a row's columns; None before the first event has shown its fields."""
        return None if self._features is None else self._features.names

    @property
    def class_names(self) -> Sequence[str]:
        """Names of the classes known so far, by index; empty in regression."""
        return self._labels.names

    @property
    def labels(self) -> LabelEncoder:
        """What encodes the labels, of the stream and of what is to be learned with it."""
        return self._labels

    @property
    def known_feature_names(self) -> Sequence[str] | None:
        """Names of a row's columns, before the first event if the decoder knows them; None where it does not.

        Raises ``FieldNameError`` where a feature is declared of a field that is not there.
        """
        return None if self._decoder.fields is None else self._stream_features().names

    def take(self, records: Sequence[Record]) -> tuple[Arrivals | None, list[Reject]]:
        """Return the rows of ``records`` in their order, None where there is none, and the rejects."""
        rows, rejects = self._decoder.decode(records)
        rows, assigned = self._assign_tasks(rows, rejects)
        rows, assigned, labels = self._encode_labels(rows, assigned, rejects)
        if not len(rows):
            return None, rejects
        x = self._stream_features().transform(
            rows.x, key=rows.key, label_values=label_columns(labels, self._label), time=rows.time
        )
        provenance = provenance_of(rows)
        batch = Batch(
            x=torch.from_numpy(x.astype(np.float32)),
            y=torch.from_numpy(labels),
            task=torch.from_numpy(assigned.task),
            provenance=torch.from_numpy(provenance),
        )
        held_out = holds_out(provenance[:, 1], provenance[:, 2], share=self._holdout_share, seed=self._seed)
        return Arrivals(batch, segment=assigned.segment, held_out=held_out, records=rows.records), rejects

    def state_dict(self) -> dict[str, Any]:
        """Return the state of decoder, labels, tasks and features."""
        return {
            "decoder": self._decoder.state_dict(),
            "labels": self._labels.state_dict(),
            "tasks": self._tasks.state_dict(),
            "features": {} if self._features is None else self._features.state_dict(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        self._decoder.load_state_dict(state["decoder"])
        self._labels.load_state_dict(state["labels"])
        self._tasks.load_state_dict(state["tasks"])
        if state["features"]:
            self._stream_features().load_state_dict(state["features"])

    def _stream_features(self) -> StreamFeatures:
        if self._features is None:
            assert self._decoder.fields is not None, "a decoded row has fixed the fields"
            width = label_width(self._label)
            self._features = StreamFeatures(self._features_options, self._decoder.fields, label_width=width)
        return self._features

    def _assign_tasks(self, rows: Rows, rejects: list[Reject]) -> tuple[Rows, Assigned]:
        if not len(rows):
            return rows, Assigned(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
        assigned = self._tasks.assign(rows)
        named = assigned.task != MISSING
        if named.all():
            return rows, assigned
        text = "The task field is absent, null or empty."
        rejects += [Reject(rows.records[row], "task", "missing_task", text) for row in np.flatnonzero(~named)]
        return select(rows, named), Assigned(assigned.task[named], assigned.segment[named])

    def _encode_labels(
        self, rows: Rows, assigned: Assigned, rejects: list[Reject]
    ) -> tuple[Rows, Assigned, NDArray[Any]]:
        labels = self._labels.encode(rows.label)
        if not labels.faults:
            return rows, assigned, labels.values
        rejects += [Reject(rows.records[row], "label", reason, text) for row, reason, text in labels.faults]
        taken = labels.accepted
        return select(rows, taken), Assigned(assigned.task[taken], assigned.segment[taken]), labels.values


def select(rows: Rows, chosen: NDArray[np.bool_]) -> Rows:
    """Return the rows that are chosen ``(rows,) bool``."""
    index = np.flatnonzero(chosen).tolist()
    return Rows(
        x=rows.x[chosen],
        label=[rows.label[i] for i in index],
        task=None if rows.task is None else [rows.task[i] for i in index],
        key=[rows.key[i] for i in index],
        time=rows.time[chosen],
        records=[rows.records[i] for i in index],
    )


def provenance_of(rows: Rows) -> NDArray[np.int64]:
    """Return key hash, partition, offset and time of every row ``(rows, 4) int64``, -1 where unknown.

    A partition is numbered together with its topic's name, so that no two of a stream are taken for one.
    """
    provenance = np.empty((len(rows), 4), dtype=np.int64)
    keys = rows.key
    keyless = keys.count(None) == len(keys)
    provenance[:, 0] = -1 if keyless else [-1 if key is None else zlib.crc32(key) for key in keys]
    topics = {topic: zlib.crc32(topic.encode()) << 20 for topic in {record.topic for record in rows.records}}
    provenance[:, 1] = [topics[record.topic] + record.partition for record in rows.records]
    provenance[:, 2] = [record.offset for record in rows.records]
    provenance[:, 3] = np.where(np.isnan(rows.time), -1, rows.time * 1000)
    return provenance
