"""Records that hold labels and no events: told by their topic or by a field, and decoded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.decoder import PreparingDecoder
from connectors.record import readable
from daemon.intake.row_maker import unreadable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.decoder import Decoder, Reject, Rows
    from connectors.record import Record


class LabelRecords:
    """Tells labels from events, and decodes them.

    They are those of a ``topic``; or, where that is None, those in which the one field of ``where`` has its value.
    The decoder reads that field as one of its ``cells``.
    """

    def __init__(self, decoder: Decoder, *, topic: str | None, where: Mapping[str, str] | None) -> None:
        self._decoder = decoder
        self._topic = topic
        self._where = None if where is None else next(iter(where.items()))

    def prepare(self, records: Sequence[Record]) -> None:
        """Get what decoding these records needs; raise ``DecoderUnavailableError`` where they have to wait."""
        if isinstance(self._decoder, PreparingDecoder):
            # What tells labels by a field has to be decoded itself.
            told = readable(records)
            self._decoder.prepare(self._labels(told) if self._where is None else told)

    def events(self, records: Sequence[Record]) -> Sequence[Record]:
        """Return the readable records that are events."""
        return self.told_apart(readable(records))[0]

    def told_apart(self, records: Sequence[Record]) -> tuple[Sequence[Record], Sequence[Record]]:
        """Return the events and the labels, each in their order; what can't be read as a label is an event."""
        labels = self._labels(records)
        if not labels:
            return records, []
        places = {place_of(record) for record in labels}
        return [record for record in records if place_of(record) not in places], labels

    def decode(self, labels: Sequence[Record]) -> tuple[Rows, list[Reject]]:
        """Return the labels as rows without features, and what cannot be decoded."""
        rows, rejects = self._decoder.decode(readable(labels))
        return rows, [*rejects, *unreadable(labels)]

    def _labels(self, records: Sequence[Record]) -> Sequence[Record]:
        if self._where is None:
            return [record for record in records if record.topic == self._topic]
        field, value = self._where
        rows, _ = self._decoder.decode(readable(records))
        cells = zip(rows.records, rows.cells[field], strict=True)
        places = {place_of(record) for record, cell in cells if cell == value}
        return [record for record in records if place_of(record) in places]


def place_of(record: Record) -> tuple[str, int, int]:
    """Return where a record stands, the same for all events of a message."""
    return record.topic, record.partition, record.offset
