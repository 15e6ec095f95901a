"""How lines of separated values are to be read: delimiter, header, names of the columns."""

from __future__ import annotations

import csv
from collections import Counter
from typing import TYPE_CHECKING, Any

from connectors.files.csv_records import leaves_open
from daemon.proposal.refusal import NoProposalError
from daemon.sample import numerals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.record import Record

DELIMITERS = ("\t", ";", "|", ",", " ")
"""In the order in which they are believed: a comma may be a decimal comma, a space part of a text."""
_ENOUGH = 0.9
_LOOKED_AT = 200


def separated(lines: Sequence[str]) -> dict[str, Any]:
    """Return the CSV decoder's options for some lines; raise ``NoProposalError`` where they have no columns."""
    delimiter = next((each for each in DELIMITERS if _fits(lines, each)), None)
    if delimiter is None:
        raise NoProposalError(
            "it is neither JSON lines nor CSV: no delimiter (comma, semicolon, tab, bar, space) gives all lines"
            f" the same number of values; its first line is {lines[0][:80]!r}"
        )
    rows = [cells for line in lines[:_LOOKED_AT] if (cells := split(line, delimiter)) is not None]
    options: dict[str, Any] = {"type": "csv"}
    if not is_header(rows):
        options["columns"] = [f"c{place}" for place in range(1, _width(rows) + 1)]
    elif len(set(rows[0])) < len(rows[0]):
        options["columns"] = _apart(rows[0])
    else:
        options["header"] = True
    return options if delimiter == "," else {**options, "delimiter": delimiter}


def split(line: str, delimiter: str) -> list[str] | None:
    """Return a line's cells, None where its quotes do not close."""
    if '"' not in line:
        return line.split(delimiter)
    try:
        (cells,) = csv.reader([line], delimiter=delimiter, strict=True)
    except (csv.Error, ValueError):
        return None
    return cells


def has_open_quotes(records: Sequence[Record]) -> bool:
    """Tell whether lines of CSV end within a quoted value, which the next ones close."""
    values = [record.value for record in records[:_LOOKED_AT] if record.value]
    if not values or values[0].lstrip().startswith(b"{"):
        return False
    return any(leaves_open(value, is_open=False) for value in values)


def _fits(lines: Sequence[str], delimiter: str) -> bool:
    widths = Counter(len(cells) for line in lines[:_LOOKED_AT] if (cells := split(line, delimiter)) is not None)
    if not widths:
        return False
    width, count = widths.most_common(1)[0]
    first = split(lines[0], delimiter)
    return width > 1 and count >= _ENOUGH * widths.total() and first is not None and len(first) == width


def _width(rows: Sequence[Sequence[str]]) -> int:
    return Counter(map(len, rows)).most_common(1)[0][0]


def is_header(rows: Sequence[Sequence[str]]) -> bool:
    """Tell whether the first row names columns.

    It does where it has a word above numbers, or is nothing but words that do not come back below.
    """
    first, columns = rows[0], list(zip(*(row for row in rows[1:] if len(row) == len(rows[0])), strict=True))
    words = [bool(cell.strip()) and not _is_value(cell) for cell in first]
    if not columns:
        return all(words)
    if any(word and _are_values(column) for word, column in zip(words, columns, strict=True)):
        return True
    named = all(word or not cell.strip() for word, cell in zip(words, first, strict=True))
    return named and not any(cell in column for cell, column in zip(first, columns, strict=True))


def _are_values(column: Sequence[str]) -> bool:
    filled = [cell for cell in column if cell.strip() and not numerals.is_gap(cell)]
    return bool(filled) and sum(map(_is_value, filled)) >= _ENOUGH * len(filled)


def _is_value(cell: str) -> bool:
    text = cell.strip()
    return bool(text) and (
        numerals.number(text) is not None
        or numerals.european(text) is not None
        or numerals.is_gap(text)
        or numerals.DATE.fullmatch(text) is not None
    )


def _apart(names: Sequence[str]) -> list[str]:
    """Return the names, each once.

    >>> _apart(["a", "b", "a"])
    ['a', 'b', 'a_2']
    """
    found: list[str] = []
    for name in names:
        number, unique = 2, name
        while unique in found:
            unique, number = f"{name}_{number}", number + 1
        found.append(unique)
    return found
