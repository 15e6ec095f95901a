"""From records to arrivals: decode, name the task, encode the label, add the stream's features."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from connectors.decoder import Reject
from daemon.intake.arrivals import Arrivals
from daemon.intake.row_maker import select
from daemon.scoring.probe_sets import holds_out
from daemon.tasks.assigned import MISSING, Assigned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.decoder import Rows
    from connectors.record import Record
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.row_maker import RowMaker
    from daemon.tasks.contract import Tasks


class Intake:
    """Makes rows of what the source delivers, in order; what cannot be learned from becomes a reject.

    Its state is all that rows depend on besides their record: field order, imputation, class names, stream history.
    """

    def __init__(self, rows: RowMaker, *, tasks: Tasks, holdout_share: float, seed: int) -> None:
        self._rows = rows
        self._tasks = tasks
        self._holdout_share = holdout_share
        self._seed = seed

    @property
    def feature_names(self) -> Sequence[str] | None:
        """Names of a row's columns; None before the first event has shown its fields."""
        return self._rows.names

    @property
    def field_names(self) -> Sequence[str] | None:
        """Names of the fields that the decoder takes from an event; None before it has chosen them."""
        return self._rows.decoder.fields

    @property
    def class_names(self) -> Sequence[str]:
        """Names of the classes known so far, by index; empty in regression."""
        return self.labels.names

    @property
    def labels(self) -> LabelEncoder:
        """What encodes the labels, of the stream and of what is to be learned with it."""
        return self._rows.labels

    @property
    def known_feature_names(self) -> Sequence[str] | None:
        """Names of a row's columns, before the first event if the decoder knows them; None where it does not.

        Raises ``FieldNameError`` where a feature is declared of a field that is not there.
        """
        return None if self._rows.decoder.fields is None else self._rows.features.names

    def take(self, records: Sequence[Record]) -> tuple[Arrivals | None, list[Reject]]:
        """Return the rows of ``records`` in their order, None where there is none, and the rejects."""
        rows, rejects = self._rows.decode(records)
        rows, assigned = self._assign_tasks(rows, rejects)
        taken, labels = self._rows.encode(rows)
        if labels.faults:
            rejects += [Reject(rows.records[row], "label", reason, text) for row, reason, text in labels.faults]
            assigned = assigned.chosen(labels.accepted)
        if not len(taken):
            return None, rejects
        batch = self._rows.batch(taken, labels.values, torch.from_numpy(assigned.task))
        held_out = holds_out(
            batch.partition.numpy(), batch.offset.numpy(), share=self._holdout_share, seed=self._seed
        )
        return Arrivals.of(batch, assigned, held_out=held_out, records=taken.records), rejects

    def state_dict(self) -> dict[str, Any]:
        """Return the state of decoder, labels, tasks and features."""
        return {
            "decoder": self._rows.decoder.state_dict(),
            "labels": self.labels.state_dict(),
            "tasks": self._tasks.state_dict(),
            "features": self._rows.features.state_dict() if self._rows.begun else {},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        self._rows.decoder.load_state_dict(state["decoder"])
        self.labels.load_state_dict(state["labels"])
        self._tasks.load_state_dict(state["tasks"])
        if state["features"]:
            self._rows.features.load_state_dict(state["features"])

    def _assign_tasks(self, rows: Rows, rejects: list[Reject]) -> tuple[Rows, Assigned]:
        if not len(rows):
            return rows, Assigned(*np.empty((3, 0), dtype=np.int64))
        assigned = self._tasks.assign(rows)
        named = assigned.task != MISSING
        if named.all():
            return rows, assigned
        text = "The task field is absent, null or empty."
        rejects += [Reject(rows.records[row], "task", "missing_task", text) for row in np.flatnonzero(~named)]
        return select(rows, named), assigned.chosen(named)
