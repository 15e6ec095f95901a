"""Tasks named by a field of the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from daemon.options import Section
from daemon.tasks.assigned import MISSING, Assigned
from daemon.tasks.contract import Tasks

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
        if all(rows.task):
            return self.names.assign(rows.task)
        present = np.array([bool(name) for name in rows.task], dtype=np.bool_)
        named = self.names.assign([name for name in rows.task if name])
        columns = np.full((3, len(rows)), MISSING, dtype=np.int64)
        columns[:, present] = named
        return Assigned(*columns)
