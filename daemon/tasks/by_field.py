"""Tasks named by a field of the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from daemon.options import Section
from daemon.tasks.contract import MISSING, Assigned, Tasks

if TYPE_CHECKING:
    from connectors.decoder import Rows


class FieldTasksOptions(Section):
    """The decoder's task field names the task."""

    type: Literal["field"] = "field"


class FieldTasks(Tasks):
    """A row's task is what the decoder found in its task field; a row where that is empty has none."""

    Options = FieldTasksOptions

    def assign(self, rows: Rows) -> Assigned:
        """Return each row's task; raise ``ValueError`` where the decoder reads no task field."""
        if rows.task is None:
            raise ValueError("tasks.type is field, but the decoder reads none; name the field in decoder.task")
        codes = self._codes(rows.task)
        return Assigned(codes, codes)

    def _codes(self, names: list[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
        if all(names):
            return self.names.codes(names)
        present = np.array([bool(name) for name in names], dtype=np.bool_)
        codes = np.full(len(names), MISSING, dtype=np.int64)
        codes[present] = self.names.codes([name for name in names if name])
        return codes
