"""The rows from before the stream, in two parts that never meet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from daemon.intake.features.field_names import FieldNameError
from strategies.storage import RowStorage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from strategies.row_holder import Gone

_SHOWN = 20


class ReferenceFieldError(FieldNameError):
    """The stream has a feature that the reference rows lack."""

    def __init__(self, missing: Sequence[str], *, names: Sequence[str]) -> None:
        shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        ValueError.__init__(
            self,
            f"the stream's rows have {missing[0]!r}, which the reference rows lack; they have {shown}:"
            " both decoders must yield the stream's features",
        )
        self.path = ("reference",)


@dataclass(frozen=True, slots=True)
class ReferenceRows:
    """Rows from before the stream: ``probes`` are scored and never learned, ``mixable`` may be learned again."""

    names: tuple[str, ...]
    """Of the columns, in their order."""
    probes: RowStorage
    mixable: RowStorage

    @staticmethod
    def split(rows: RowStorage, *, names: Sequence[str], probe: NDArray[np.bool_]) -> ReferenceRows:
        """Return the rows of a full storage, those chosen by ``probe`` ``(rows,)`` as probes."""
        columns = np.arange(len(names))
        return ReferenceRows(
            tuple(names),
            rows.part(np.flatnonzero(probe), columns),
            rows.part(np.flatnonzero(~probe), columns),
        )

    @property
    def classes(self) -> int:
        """How many classes these rows need the model to know: the highest class index, and one; 0 in regression."""
        labels = [part.y for part in (self.probes, self.mixable) if part.capacity and part.y.dtype.kind == "i"]
        return max((int(y.max()) + 1 for y in labels), default=0)

    def arranged(self, names: Sequence[str]) -> ReferenceRows:
        """Return the rows with the stream's columns, in the stream's order; others are left out.

        Raises ``ReferenceFieldError`` where one is not there.
        """
        if tuple(names) == self.names:
            return self
        missing = [name for name in names if name not in self.names]
        if missing:
            raise ReferenceFieldError(missing, names=self.names)
        columns = np.array([self.names.index(name) for name in names], dtype=np.int64)
        probes, mixable = (part.part(np.arange(part.capacity), columns) for part in (self.probes, self.mixable))
        return ReferenceRows(tuple(names), probes, mixable)

    def forget(self, gone: Gone) -> int:
        """Let rows go; return how many: see ``RowHolder``. Whoever reads these rows has fewer of them."""
        return self.probes.forget(gone) + self.mixable.forget(gone)

    def state_dict(self) -> dict[str, Any]:
        """Return all rows: a run that goes on needs no source of them."""
        return {
            "names": list(self.names),
            "probes": self.probes.state_dict(self.probes.capacity),
            "mixable": self.mixable.state_dict(self.mixable.capacity),
        }

    @staticmethod
    def of_state(state: Mapping[str, Any]) -> ReferenceRows:
        """Return the rows that ``state_dict`` returned."""
        return ReferenceRows(tuple(state["names"]), _restored(state["probes"]), _restored(state["mixable"]))


def _restored(state: Mapping[str, Any]) -> RowStorage:
    rows = RowStorage.of_form(state["form"])
    rows.load_state_dict(state)
    return rows
