"""Events as lines of separated values."""

from __future__ import annotations

import csv
import math
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from connectors.decoders.csv_options import CsvOptions
from connectors.decoders.envelope import RejectedError
from connectors.decoders.tabular import Columns, TabularDecoder

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class CsvDecoder(TabularDecoder):
    """Decodes lines of values; a feature is a number in decimal notation, a label remains text.

    >>> from connectors.record import LocalRecord
    >>> decoder = CsvDecoder(CsvOptions(header=True, label="class"))
    >>> lines = [b"price,demand,class", b"0.05,0.44,UP"]
    >>> rows, _ = decoder.decode([LocalRecord("t", 0, n, -1, None, line, []) for n, line in enumerate(lines)])
    >>> decoder.fields, rows.x.tolist(), rows.label
    (('price', 'demand'), [[0.05, 0.44]], ['UP'])
    """

    Options: ClassVar[type[CsvOptions]] = CsvOptions

    def __init__(self, options: CsvOptions) -> None:
        self._options = options
        self._null = frozenset(options.null_values)
        self._numeric_null = any(_float(text) is not None for text in options.null_values)
        self._index: dict[str, int] = {}
        self._header_line = ""
        super().__init__(options)
        if options.columns is not None:
            self._take_columns(options.columns)

    def state_dict(self) -> dict[str, Any]:
        """Return the fields, what the imputer remembers, and the names of the columns."""
        return {**super().state_dict(), "columns": list(self._index)}

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
        self._take_columns(saved)

    def _take_columns(self, names: tuple[str, ...]) -> None:
        self._index = {name: n for n, name in enumerate(names)}
        self._header_line = self._options.delimiter.join(names)

    # The fast path: no quotes, no header, no line break inside, nothing missing.

    def _read(self, values: list[bytes]) -> Columns:
        text = b"\n".join(values).decode()
        lines = text.split("\n")
        if '"' in text or "\r" in text or self._numeric_null or len(lines) != len(values):
            raise ValueError("quotes, line breaks or numbers that stand for a missing value")
        if self._options.header and self._header_line in lines:
            raise ValueError("a header")
        delimiter, width = self._options.delimiter, len(self._index)
        cells = [line.split(delimiter) for line in lines]
        if set(map(len, cells)) != {width}:
            raise ValueError("a line of another width")
        return self._columns(cells)

    def _columns(self, cells: list[list[str]]) -> Columns:
        options = self._options
        picked = itemgetter(*[self._index[name] for name in self._fields or ()])
        single = len(self._fields or ()) == 1
        rows = (
            [[float(picked(row))] for row in cells] if single else [list(map(float, picked(row))) for row in cells]
        )
        x = self._matrix(rows)
        if not np.isfinite(x).all():
            raise ValueError("not finite")
        return Columns(
            x=x,
            label=self._column(cells, options.label),
            task=self._column(cells, options.task),
            key=self._column(cells, options.key),
            time=self._column(cells, options.time),
            cells={name: self._column(cells, name) for name in options.cells},
        )

    def _column(self, cells: list[list[str]], name: str | None) -> list[Any]:
        if name is None:
            return []
        n, null = self._index[name], self._null
        return [None if row[n] in null else row[n] for row in cells]

    # The slow path.

    def _parse(self, value: bytes) -> list[str] | None:
        cells = self._split(value)
        if not self._index:
            self._take_header(cells)
            return None
        if self._options.header and cells == list(self._index):
            return None
        if len(cells) != len(self._index):
            raise RejectedError(
                "decode",
                "wrong_type",
                f"The line has {len(cells)} values; expected {len(self._index)}, one per column.",
            )
        return cells

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

    def _take_header(self, cells: list[str]) -> None:
        problem = self._options.problem_with(cells)
        if all(_float(cell) is not None for cell in cells):
            problem = "are all numbers or empty"
        if problem:
            raise RejectedError(
                "decode",
                "undecodable",
                f"Expected a header first, but the columns of this line {problem}.",
            )
        self._take_columns(tuple(cells))

    def _numeric_fields(self, event: list[str]) -> Sequence[str]:
        return [
            name for name, n in self._index.items() if event[n] not in self._null and _float(event[n]) is not None
        ]

    def _cell(self, event: list[str], name: str) -> str | None:
        cell = event[self._index[name]]
        return None if cell in self._null else cell

    def _number(self, cell: str, name: str) -> float:
        try:
            return float(cell)
        except ValueError:
            raise RejectedError(
                "features", "wrong_type", f"Feature {name!r} is text; expected a number, or list it in null_values."
            ) from None

    def _time_cell(self, cell: str | None) -> float | str | None:
        if cell is None or self._options.time_unit == "iso":
            return cell
        number = _float(cell)
        return cell if number is None else number


def _float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
