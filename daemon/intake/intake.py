"""From records to arrivals: decode, name the task, encode the label, add the stream's features."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from connectors.decoder import LooksAhead, Reject
from connectors.record import event_index
from daemon.intake.arrivals import Arrivals
from daemon.intake.features.key_slots import KnownKeys
from daemon.scoring.probe_sets import holds_out
from daemon.tasks.assigned import MISSING, Assigned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Oddity, Rows
    from connectors.record import Record
    from daemon.intake.asked_rows import RowGlance
    from daemon.intake.column import Column
    from daemon.intake.features.categories import Categories
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.origins import Origins
    from daemon.intake.row_maker import RowMaker
    from daemon.tasks.contract import Tasks
    from strategies.batch import Batch
    from strategies.row_holder import Gone


class Intake:
    """Makes rows of what the source delivers, in order; what cannot be learned from becomes a reject.

    Its state is all that rows depend on besides their record: field order, imputation, class names, stream history.
    """

    def __init__(self, rows: RowMaker, *, tasks: Tasks, holdout_share: float, seed: int) -> None:
        self._rows = rows
        self._tasks = tasks
        self._holdout_share = holdout_share
        self._seed = seed
        self._odd: Counter[Oddity] = Counter()

    @property
    def feature_names(self) -> Sequence[str] | None:
        """Names of a row's columns; None before the first event has shown its fields."""
        return self._rows.names

    @property
    def field_names(self) -> Sequence[str] | None:
        """Names of the fields that the decoder takes from an event; None before it has chosen them."""
        return self._rows.decoder.fields

    @property
    def columns(self) -> list[Column]:
        """What each column of a row is called and holds; there has been an event."""
        return self._rows.named_columns

    @property
    def class_names(self) -> Sequence[str]:
        """Names of the classes known so far, by index; empty in regression."""
        return self.labels.names

    @property
    def left_out(self) -> Mapping[str, str]:
        """Fields that were seen and are no features, and why."""
        decoder = self._rows.decoder
        return decoder.left_out if isinstance(decoder, LooksAhead) else {}

    @property
    def held(self) -> int:
        """How many of the first events are held back until there are enough to look at."""
        return self._rows.held

    @property
    def keys(self) -> KnownKeys:
        """How many keys something is remembered of."""
        keys = self._rows.keys
        return KnownKeys(max(map(len, keys)), limit=keys[0].limit, dropped=max(each.dropped for each in keys))

    @property
    def origins(self) -> Origins:
        """What values are taken from, in the stream and in what is to be learned with it."""
        return self._rows.origins

    def admit(self, records: Sequence[Record]) -> Iterator[Sequence[Record]]:
        """Yield groups of records, each to be taken before the next is asked for; see ``RowMaker.admit``."""
        return self._rows.admit(records)

    def rest(self) -> Iterator[Sequence[Record]]:
        """Yield what is held back, to be taken."""
        return self._rows.rest()

    def take_odd(self) -> Counter[Oddity]:
        """Return how many values were odd since the last call, by field and kind."""
        odd, self._odd = self._odd, Counter()
        return odd

    @property
    def labels(self) -> LabelEncoder:
        """What encodes the labels, of the stream and of what is to be learned with it."""
        return self._rows.labels

    @property
    def categories(self) -> Categories:
        """What gives categories their columns, in the stream and in what is to be learned with it."""
        return self._rows.categories

    @property
    def known_feature_names(self) -> Sequence[str] | None:
        """Names of a row's columns, before the first event if the decoder knows them; None where it does not.

        Raises ``FieldNameError`` where a feature is declared of a field that is not there.
        """
        return None if self._rows.decoder.fields is None else self._rows.features.names

    @property
    def glance(self) -> RowGlance:
        """What makes rows of what is asked, as this would of the next event; a live view."""
        return self._rows.glance()

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what these records need from elsewhere; raise ``DecoderUnavailableError`` where they have to wait."""
        self._rows.prepare(records)

    def take(self, records: Sequence[Record]) -> tuple[Arrivals | None, list[Reject]]:
        """Return the rows of ``records`` in their order, None where there is none, and the rejects."""
        rows, rejects = self._rows.decode(records)
        self._odd.update(rows.odd)
        rows, assigned = self._assign_tasks(rows, rejects)
        taken, labels = self._rows.encode(rows)
        if labels.faults:
            rejects += [Reject(rows.records[row], "label", reason, text) for row, reason, text in labels.faults]
            assigned = assigned.chosen(labels.accepted)
        if not len(taken):
            return None, in_order(rejects, records)
        batch = self._rows.batch(taken, labels.values, torch.from_numpy(assigned.task))
        arrivals = Arrivals.of(
            batch, assigned, held_out=self._held_out(batch), labels=labels.values, records=taken.records
        )
        return arrivals, in_order(rejects, records)

    def forget(self, gone: Gone) -> dict[str, int]:
        """Let what rows depend on go; return how much: see ``RowHolder``."""
        return self._rows.forget(gone)

    def state_dict(self) -> dict[str, Any]:
        """Return the state of decoder, labels, tasks and features."""
        return {
            **self._rows.state_dict(),
            "labels": self.labels.state_dict(),
            "tasks": self._tasks.state_dict(),
            **self._categories_state(),
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""
        self._rows.load_state_dict(state)
        self.labels.load_state_dict(state["labels"])
        self._tasks.load_state_dict(state["tasks"])
        self.categories.load_state_dict(state.get("categories", {}))

    def _held_out(self, batch: Batch) -> NDArray[np.bool_]:
        """Return which rows are kept for the probe sets ``(rows,)``."""
        return holds_out(batch.partition.numpy(), batch.offset.numpy(), share=self._holdout_share, seed=self._seed)

    def _categories_state(self) -> dict[str, Any]:
        """Return the categories' state, under its name; nothing where none are declared."""
        return {"categories": self.categories.state_dict()} if self.categories.names else {}

    def _assign_tasks(self, rows: Rows, rejects: list[Reject]) -> tuple[Rows, Assigned]:
        if not len(rows):
            return rows, Assigned(*np.empty((3, 0), dtype=np.int64))
        assigned = self._tasks.assign(rows)
        named = assigned.task != MISSING
        if named.all():
            return rows, assigned
        names = rows.task or [""] * len(rows)
        unnamed = np.flatnonzero(~named).tolist()
        rejects += [Reject(rows.records[row], "task", *self._tasks.fault(names[row])) for row in unnamed]
        return rows.chosen(named), assigned.chosen(named)


def in_order(rejects: list[Reject], records: Sequence[Record]) -> list[Reject]:
    """Return rejects in the order of the stream: sinks rely on it to tell what they have already."""
    if len(rejects) < 2:  # noqa: PLR2004 - one is in order
        return rejects
    places = {(each.topic, each.partition, each.offset): place for place, each in enumerate(records)}
    return sorted(rejects, key=lambda reject: _place(reject.record, places))


def _place(record: Record, places: Mapping[tuple[str, int, int], int]) -> tuple[int, int]:
    index = event_index(record)
    return places[record.topic, record.partition, record.offset], -1 if index is None else index
