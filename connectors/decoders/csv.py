"""Events as lines of separated values."""

from __future__ import annotations

import csv
import time
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from connectors.decoders.columns import Columns
from connectors.decoders.csv_layouts import CsvLayouts
from connectors.decoders.csv_options import CsvOptions
from connectors.decoders.envelope import RejectedError
from connectors.decoders.identities import untyped_name
from connectors.decoders.number_text import only_plain, text_is_no_number
from connectors.decoders.tabular import TabularDecoder
from connectors.record import begins_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.decoders.csv_layouts import Layout
    from connectors.decoders.field_survey import Kind
    from connectors.record import Record


class CsvDecoder(TabularDecoder):
    """Decodes lines of values; a feature is a number in decimal notation, a label remains text.

    Every header gives the columns of the lines after it, in its file or partition, by their names.

    >>> from connectors.record import LocalRecord
    >>> decoder = CsvDecoder(CsvOptions(header=True, label="class"))
    >>> lines = [b"price,demand,class", b"0.05,0.44,UP"]
    >>> rows, _ = decoder.decode([LocalRecord("t", 0, n, -1, None, line, []) for n, line in enumerate(lines)])
    >>> decoder.fields, rows.x.tolist(), rows.label
    (('price', 'demand'), [[0.05, 0.44]], ['UP'])
    """

    Options: ClassVar[type[CsvOptions]] = CsvOptions

    def __init__(self, options: CsvOptions, *, clock: Callable[[], float] = time.time) -> None:
        self._options = options
        self._layouts = CsvLayouts()
        self._layouts.first = options.columns or ()
        super().__init__(options, clock=clock)

    def look_at(self, records: Sequence[Record]) -> None:
        """Take the features that the first records have; the headers among them are met again."""
        before = self._layouts.state_dict()
        super().look_at(records)
        self._layouts.load_state_dict(before)

    def state_dict(self) -> dict[str, Any]:
        """Return the fields, why others are none, and the names of the columns."""
        return {**super().state_dict(), **self._layouts.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state; raise ``ValueError`` where it belongs to other columns than are configured."""
        saved, configured = tuple(state["columns"]), self._options.columns
        problem = self._options.problem_with(saved) if saved else None
        if (configured is not None and saved != configured) or problem:
            raise ValueError(
                "decoder.columns: the checkpoint was made with other columns than the configuration names; "
                "restore the old configuration or start with an empty checkpoint directory"
            )
        super().load_state_dict(state)
        self._layouts.load_state_dict(state)

    # The fast path: no quotes, no header, no line break inside, nothing missing.

    def _read(self, values: list[bytes], records: Sequence[Record]) -> Columns:
        text = b"\n".join(values).decode()
        lines = text.split("\n")
        if '"' in text or "\r" in text or not self._number_text.plain or len(lines) != len(values):
            raise ValueError("quotes, line breaks or numbers that float does not read")
        layout = self._layouts.of_all(records)
        if layout is None or (self._options.header and self._may_have_header(lines, records, layout)):
            raise ValueError("a header")
        cells = [line.split(self._options.delimiter) for line in lines]
        if set(map(len, cells)) != {len(layout)}:
            raise ValueError("a line of another width")
        self._features.notice([dict(zip(layout, cells[-1], strict=True))], self._described)
        return self._columns(
            cells, {name: n for n, name in enumerate(layout)}, all_plain=only_plain(("".join(lines),))
        )

    def _may_have_header(self, lines: list[str], records: Sequence[Record], layout: Layout) -> bool:
        return self._options.delimiter.join(layout) in lines or any(map(begins_file, records))

    def _columns(self, cells: list[list[str]], index: Mapping[str, int], *, all_plain: bool) -> Columns:
        options = self._options
        picked = _picker([index[name] for name in self.fields or ()])
        if not (all_plain or only_plain(chain.from_iterable(map(picked, cells)))):
            raise ValueError("no decimal notation")
        x = self._matrix([list(map(float, picked(row))) for row in cells])
        if not np.isfinite(x).all():
            raise ValueError("not finite")
        return Columns(
            x=x,
            label=self._column(cells, index, options.label),
            task=self._column(cells, index, options.task),
            key=self._column(cells, index, options.key),
            time=self._values(cells, index, options.time),
            cells={name: self._column(cells, index, name) for name in options.cells},
        )

    def _column(self, cells: list[list[str]], index: Mapping[str, int], name: str | None) -> list[Any]:
        values = self._values(cells, index, name)
        # Most do not end in a zero: those are names as they are.
        return [value if value is None or value[-1] != "0" else untyped_name(value) for value in values]

    def _values(self, cells: list[list[str]], index: Mapping[str, int], name: str | None) -> list[Any]:
        if name is None:
            return []
        n = index[name]
        return self._with_nulls([row[n] for row in cells], name)

    # The slow path.

    def _parse(self, value: bytes, record: Record) -> dict[str, str] | None:
        cells = self._split(value)
        if self._options.header and self._is_header(cells, record):
            self._take_header(cells, record)
            return None
        layout = self._layouts.of(record)
        if len(cells) != len(layout):
            raise RejectedError(
                "decode",
                "wrong_type",
                f"The line has {len(cells)} values; expected {len(layout)}, one per column.",
            )
        event = dict(zip(layout, cells, strict=True))
        wanted = (*(self.fields or ()), *self._options.cells)
        if wanted and self.fields is not None and event.keys().isdisjoint(wanted):
            raise RejectedError(
                "features", "missing_field", f"The header before it names none of the features: {self._listed()}."
            )
        return event

    def _split(self, value: bytes) -> list[str]:
        try:
            line = value.decode().rstrip("\r\n")
            if '"' not in line and "\n" not in line and "\r" not in line:
                return line.split(self._options.delimiter)
            (cells,) = csv.reader([line], delimiter=self._options.delimiter, strict=True)
        except UnicodeDecodeError:
            raise RejectedError("decode", "undecodable", "The line is not UTF-8.") from None
        except (csv.Error, ValueError):
            raise RejectedError(
                "decode",
                "undecodable",
                "The line is not CSV: a quote is left open or misplaced, or it has a line break.",
            ) from None
        return cells

    def _is_header(self, cells: list[str], record: Record) -> bool:
        """Tell whether a line names columns: the first one, the same names again, or the first one of a file.

        The latter is a header where it has half of the names, or where it cannot be an event: names are no numbers.
        """
        first = self._layouts.first
        if not first:
            return True
        names = set(cells)
        if names == set(first) and len(cells) == len(first):
            return True
        if not begins_file(record):
            return False
        return 2 * len(names & set(first)) >= len(first) or not self._may_be_event(cells)

    def _may_be_event(self, cells: list[str]) -> bool:
        layout = self._layouts.first
        event = dict(zip(layout, cells, strict=False))
        features = self.fields or layout
        return len(cells) == len(layout) and any(
            self._kind(name, event[name]) != "text" for name in features if name in event
        )

    def _take_header(self, cells: list[str], record: Record) -> None:
        if not self._layouts.first:
            self._take_first_header(cells)
            return
        if len(set(cells)) != len(cells):
            self._layouts.take((), record)
            raise RejectedError(
                "decode", "undecodable", "The header has a name twice; lines after it cannot be read."
            )
        self._layouts.take(tuple(cells), record)

    def _take_first_header(self, cells: list[str]) -> None:
        problem = self._options.problem_with(cells)
        if all(self._kind("", cell) != "text" for cell in cells):
            problem = "are all numbers or empty"
        if problem:
            raise RejectedError(
                "decode",
                "undecodable",
                f"Expected a header first, but the columns of this line {problem}.",
            )
        self._layouts.first = tuple(cells)

    def _described(self, event: dict[str, str]) -> Iterator[tuple[str, Kind]]:
        for name, cell in event.items():
            yield name, self._kind(name, cell)

    def _shape(self, event: dict[str, str]) -> tuple[str, ...]:
        return tuple(event)

    def _kind(self, name: str, cell: str) -> Kind:
        if self._nulls.has(name, cell):
            return "null"
        number = self._number_text.read(cell)
        return "text" if number is None or not np.isfinite(number) else "number"

    def _cell(self, event: dict[str, str], name: str) -> str | None:
        return event.get(name)

    def _other(self, event: dict[str, str], name: str) -> str | None:
        cell = event.get(name)
        return cell if cell is None or name == self._options.time else untyped_name(cell)

    def _number(self, cell: str, name: str) -> float:
        number = self._number_text.read(cell)
        if number is None:
            raise text_is_no_number(cell, name)
        return number

    def _listed(self) -> str:
        return ", ".join((*(self.fields or ()), *self._options.cells)[:10])


def _picker(places: list[int]) -> Callable[[list[str]], Sequence[str]]:
    """Return a function from the values of a line to those at ``places``."""
    if not places:
        return lambda _: ()
    return itemgetter(slice(places[0], places[0] + 1)) if len(places) == 1 else itemgetter(*places)
