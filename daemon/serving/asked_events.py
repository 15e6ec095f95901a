"""From named columns, one a field of an event, to rows that can be asked."""

from __future__ import annotations

from difflib import get_close_matches
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from connectors.decoders.envelope import RejectedError, cell_text, key_bytes, task_name
from connectors.decoders.event_times import event_seconds
from daemon.intake.asked_rows import AskedRows
from daemon.serving.field_names import MATRIX
from daemon.serving.protocol_error import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from daemon.intake.asked_rows import RowGlance
    from daemon.serving.field_names import FieldNames
    from daemon.serving.tensors import Tensor


def asked_rows(
    tensors: Mapping[str, Tensor], *, rows: int, glance: RowGlance, names: FieldNames, now: float
) -> AskedRows:
    """Return what tensors of so many rows ask; ``now`` is the time of rows that have none, as Unix time.

    Raises ``ProtocolError`` where a name is unknown or a value is not what its field holds.
    """
    cells = glance.categories.fields
    _require_known(tensors, fields=glance.fields, cells=cells, names=names)

    def column(name: str, convert: Callable[[Any], Any]) -> list[Any]:
        if name not in tensors or name in glance.fields:
            return [None] * rows
        return [
            None if glance.is_missing(name, value) else _converted(value, convert, name=name)
            for value in tensors[name].column()
        ]

    times = column(names.time, partial(event_seconds, unit=names.time_unit))
    return AskedRows(
        _matrix(tensors, rows=rows, fields=glance.fields),
        key=column(names.key, key_bytes),
        time=np.array([now if each is None or np.isnan(each) else each for each in times], dtype=np.float64),
        task=column(names.task, task_name),
        cells={name: column(name, partial(cell_text, name=name)) for name in cells},
    )


def _matrix(tensors: Mapping[str, Tensor], *, rows: int, fields: Sequence[str]) -> np.ndarray[Any, Any]:
    """Return the numeric fields ``(rows, fields)``, NaN where one is not given."""
    x = np.full((rows, len(fields)), np.nan)
    if MATRIX in tensors and MATRIX not in fields:
        given = tensors[MATRIX]
        if given.width != len(fields):
            raise ProtocolError(
                f"input {MATRIX!r} has {given.width} columns; expected {len(fields)}: {', '.join(fields)}"
            )
        return given.numbers()
    for place, name in enumerate(fields):
        if name in tensors:
            tensors[name].column()
            x[:, place] = tensors[name].numbers()[:, 0]
    return x


def _converted(value: Any, convert: Callable[[Any], Any], *, name: str) -> Any:
    try:
        return convert(value)
    except RejectedError as error:
        raise ProtocolError(f"input {name!r}: {error}") from error


def _require_known(
    tensors: Mapping[str, Tensor], *, fields: Sequence[str], cells: Sequence[str], names: FieldNames
) -> None:
    known = [*fields, *cells, names.key, names.time, names.task, MATRIX]
    for name in tensors:
        if name == names.label and name not in known:
            raise ProtocolError(f"input {name!r} is the label, which is what is predicted; leave it out")
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0)[0]
            raise ProtocolError(f"there is no input {name!r}; did you mean {near!r}?")
    if MATRIX in tensors and MATRIX not in fields and (both := [name for name in fields if name in tensors]):
        raise ProtocolError(f"{both[0]!r} is among the columns of {MATRIX!r} already; give one of the two")
