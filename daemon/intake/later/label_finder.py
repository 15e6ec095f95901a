"""The two ways to find later labels: in the stream's future, and in records of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from connectors.decoder import Reject
from daemon.intake.labels.options import ClassLabel
from daemon.intake.later.joined_labels import Happening
from daemon.intake.later.label_records import place_of
from strategies.row_holder import Gone, key_hash, key_hashes

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from connectors.decoder import Rows
    from connectors.record import Record
    from daemon.intake.labels.encoder import LabelEncoder
    from daemon.intake.labels.options import NumberLabel
    from daemon.intake.later.found import Found, Heard
    from daemon.intake.later.joined_labels import JoinedLabels
    from daemon.intake.later.label_records import LabelRecords
    from daemon.intake.later.patience import Patience
    from daemon.intake.later.stream_targets import StreamTargets


class _Meant(NamedTuple):
    """A record as an event or a label."""

    record: Record
    identity: bytes | None
    time: float
    label: Any
    is_event: bool
    key: bytes | None


class LabelFinder(Protocol):
    """Finds the labels of events, among some records at a time."""

    @property
    def patience(self) -> Patience:
        """Which events wait."""

    @property
    def early(self) -> int:
        """Labels that wait for their events."""

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what these records need from elsewhere."""

    def events(self, records: Sequence[Record]) -> tuple[Sequence[Record], Sequence[Record]]:
        """Return which records are events, and which are labels."""

    def like_labels(self, rows: Rows) -> NDArray[np.float64] | None:
        """Return numbers ``(rows,)`` that lie where the labels will, None where nobody can say."""

    def find(
        self, rows: Rows, labels: Sequence[Record], *, among: Sequence[Record]
    ) -> tuple[Heard, Found, list[Reject]]:
        """Return the labels that have found their events, all else that has come of both, and the rejects.

        ``among`` are the records in their order.
        """

    def forget(self, gone: Gone, numbers: Collection[int]) -> tuple[list[int], int]:
        """Give up the events of some keys, and those of these numbers, and let go what is known of their labels.

        Return the numbers of the events that waited, and how many labels and values went besides.
        """

    def expire(self, numbers: Collection[int]) -> list[int]:
        """Give up the events of these numbers, after which some are missing, if labels are told by what comes next.

        Return which waited.
        """

    def state_dict(self) -> dict[str, Any]:
        """Return who waits."""

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of another configuration."""


class InTheStream:
    """Labels are values of later events."""

    early = 0

    def __init__(self, targets: StreamTargets, *, labels: LabelEncoder) -> None:
        self._targets = targets
        self._labels = labels

    @property
    def patience(self) -> Patience:
        """Which events wait."""
        return self._targets.patience

    def prepare(self, records: Sequence[Record]) -> None:
        """Nothing: every record is an event."""

    def events(self, records: Sequence[Record]) -> tuple[Sequence[Record], Sequence[Record]]:
        """Return all records, and no labels."""
        return records, []

    def like_labels(self, rows: Rows) -> NDArray[np.float64] | None:
        """Return the values of now."""
        return self._targets.like_labels(rows)

    def find(
        self, rows: Rows, labels: Sequence[Record], *, among: Sequence[Record]
    ) -> tuple[Heard, Found, list[Reject]]:
        """Return what rows have brought to those before them; a target that is no label is undefined."""
        found = self._targets.find(rows)
        encoded = self._labels.encode(found.value)
        for fault in encoded.faults:
            found.give_up(found.number[fault.row], "undefined")
        if encoded.faults:
            found.keep(encoded.accepted)
        return found.heard(encoded.values), found, []

    def forget(self, gone: Gone, numbers: Collection[int]) -> tuple[list[int], int]:
        """Give up events; let go the newest values of keys."""
        return self._targets.forget(gone, numbers)

    def expire(self, numbers: Collection[int]) -> list[int]:
        """Give up events: what comes next is not what came next."""
        return self._targets.forget(Gone(), numbers)[0]

    def state_dict(self) -> dict[str, Any]:
        """Return who waits."""
        return self._targets.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state."""
        self._targets.load_state_dict(state)


class InRecords:
    """Labels are in records of their own; an event may bring its own along all the same."""

    def __init__(
        self,
        joined: JoinedLabels,
        records: LabelRecords,
        *,
        options: ClassLabel | NumberLabel,
        labels: LabelEncoder,
    ) -> None:
        self._joined = joined
        self._records = records
        self._options = options
        self._labels = labels

    @property
    def patience(self) -> Patience:
        """Which events wait."""
        return self._joined.patience

    @property
    def early(self) -> int:
        """Labels that wait for their events."""
        return self._joined.early

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what decoding the labels among these records needs."""
        self._records.prepare(records)

    def events(self, records: Sequence[Record]) -> tuple[Sequence[Record], Sequence[Record]]:
        """Return which records are events, and which are labels."""
        return self._records.told_apart(records)

    def like_labels(self, rows: Rows) -> NDArray[np.float64] | None:
        """Return nothing: events do not tell."""
        return None

    def find(
        self, rows: Rows, labels: Sequence[Record], *, among: Sequence[Record]
    ) -> tuple[Heard, Found, list[Reject]]:
        """Join events and labels in the order in which they came."""
        told, rejects = self._records.decode(labels)
        both = [*self._meant(rows, is_event=True), *self._meant(told, is_event=False)]
        if len(told) and len(rows):
            order = {place_of(record): place for place, record in enumerate(among)}
            both.sort(key=lambda each: order[place_of(each.record)])
        joined, faults = self._encoded(both)
        found = self._joined.find(joined)
        kind = np.int64 if isinstance(self._options, ClassLabel) else np.float64
        return found.heard(np.array(found.value, dtype=kind)), found, [*rejects, *faults]

    def _meant(self, rows: Rows, *, is_event: bool) -> Iterator[_Meant]:
        columns = zip(rows.records, self._identities(rows), rows.time.tolist(), rows.label, rows.key, strict=True)
        for record, identity, time, label, key in columns:
            yield _Meant(record, identity, time, label, is_event, key)

    def _identities(self, rows: Rows) -> Sequence[bytes | None]:
        """Return what each row is known by, None where it lacks that."""
        options = self._options
        if options.id is not None:
            return [None if cell is None else cell.encode() for cell in rows.cells[options.id]]
        if options.by == "key":
            return rows.key
        pairs = zip(rows.key, rows.time.tolist(), strict=True)
        return [None if key is None or time != time else b"%d %b" % (round(time * 1e3), key) for key, time in pairs]  # noqa: PLR0124 - NaN

    def _encoded(self, both: Sequence[_Meant]) -> tuple[list[Happening], list[Reject]]:
        """Return what happened with labels encoded, and the labels that are none; an event may be without."""
        labelled = [place for place, each in enumerate(both) if not (each.is_event and each.label in (None, ""))]
        key = key_hashes([both[place].key for place in labelled])
        encoded = self._labels.encode([both[place].label for place in labelled], key=key)
        good = [place for place, accepted in zip(labelled, encoded.accepted, strict=True) if accepted]
        code = dict(zip(good, encoded.values.tolist(), strict=True))
        faults = [(both[labelled[fault.row]], fault) for fault in encoded.faults]
        happenings = [
            Happening(each.identity, each.time, code.get(place), each.is_event, key_hash(each.key))
            for place, each in enumerate(both)
            if each.is_event or place in code
        ]
        rejects = [
            Reject(each.record, "label", fault.reason, fault.message) for each, fault in faults if not each.is_event
        ]
        return happenings, rejects

    def forget(self, gone: Gone, numbers: Collection[int]) -> tuple[list[int], int]:
        """Give up events; let go labels that came early, and those of settled events."""
        return self._joined.forget(gone, numbers)

    def expire(self, numbers: Collection[int]) -> list[int]:
        """Give up none: a label says which event it is of, whatever is missing between them."""
        return []

    def state_dict(self) -> dict[str, Any]:
        """Return who waits."""
        return self._joined.state_dict()

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state; raise ``ValueError`` where it is of labels that come otherwise."""
        self._joined.load_state_dict(state)
