"""Events as lines of separated values."""

from __future__ import annotations

import csv
import math
from operator import itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pydantic import Field, model_validator

from connectors.decoders.envelope import RejectedError
from connectors.decoders.tabular import Columns, TabularDecoder, TabularOptions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self


class CsvOptions(TabularOptions):
    """One line of separated values an event (RFC 4180, without line breaks inside a value)."""

    type: Literal["csv"] = "csv"
    columns: tuple[str, ...] | None = Field(None, min_length=1, description="Names of all columns, in order.")
    header: bool = Field(
        False,
        description="Lines that equal the columns' names are skipped; without columns, the first line names them.",
    )
    delimiter: str = Field(",", min_length=1, max_length=1, description="What separates two values.")
    null_values: tuple[str, ...] = Field(("",), description="Texts that stand for a missing value.")

    @model_validator(mode="after")
    def _columns_are_known(self) -> Self:
        if self.delimiter in '"\r\n':
            raise ValueError("delimiter must not be a quote or a line break")
        if self.columns is None and not self.header:
            raise ValueError("give columns (their names), or header: true where the first line names them")
        if self.columns is not None:
            problem = _problem_with(self.columns, self)
            if problem:
                raise ValueError(f"columns {problem}")
        return self

    @property
    def wanted(self) -> list[str]:
        """All fields that the options name."""
        return [*(self.features or ()), *sorted(self.named)]


class CsvDecoder(TabularDecoder):
    """Decodes lines of values; a feature is a number in decimal notation, a label stays the text that it is.

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
        """Return the fields, what stands in for missing ones, and the columns that the header named."""
        return {**super().state_dict(), "columns": list(self._index)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up the state; raise ``ValueError`` where it belongs to other columns than are configured."""
        saved, configured = tuple(state["columns"]), self._options.columns
        problem = _problem_with(saved, self._options) if saved else None
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

    # The fast way: no quotes, no header, no line break inside, nothing missing.

    def _read(self, values: list[bytes]) -> Columns:
        text = b"\n".join(values).decode()
        lines = text.split("\n")
        if '"' in text or "\r" in text or self._numeric_null or len(lines) != len(values):
            raise ValueError("something that needs care")
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
        )

    def _column(self, cells: list[list[str]], name: str | None) -> list[Any]:
        if name is None:
            return []
        n, null = self._index[name], self._null
        return [None if row[n] in null else row[n] for row in cells]

    # The careful way.

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
                f"The line has {len(cells)} values; expected {len(self._index)}, one a column.",
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
        problem = _problem_with(tuple(cells), self._options)
        if all(_float(cell) is not None for cell in cells):
            problem = "are all numbers or empty"
        if problem:
            raise RejectedError(
                "decode",
                "undecodable",
                f"A header is expected first, but this line is none: its columns {problem}.",
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


def _problem_with(columns: tuple[str, ...], options: CsvOptions) -> str | None:
    if len(set(columns)) != len(columns):
        return "have a name twice"
    missing = [name for name in options.wanted if name not in columns]
    return f"lack {missing[0]!r}, which the decoder's options name" if missing else None
