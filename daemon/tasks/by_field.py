"""Tasks named by a field of the events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from connectors.name_length import MAX_NAME_BYTES, is_too_long, too_long
from daemon.options import Section
from daemon.tasks.assigned import MISSING, Assigned
from daemon.tasks.contract import TaskFault, Tasks

if TYPE_CHECKING:
    from connectors.decoder import Rows


class FieldTasksOptions(Section):
    """The decoder's task field names the task."""

    type: Literal["field"] = "field"
    max_bytes: int = Field(
        MAX_NAME_BYTES,
        ge=1,
        le=65_536,
        description="Maximum length of a task's name in bytes of UTF-8; a longer one is rejected as too_large.",
    )


class FieldTasks(Tasks):
    """A row's task is what the decoder found in its task field; where that is empty or too long, it has none."""

    Options = FieldTasksOptions

    def assign(self, rows: Rows) -> Assigned:
        """Return each row's task; raise ``ValueError`` where the decoder reads no task field."""
        if rows.task is None:
            raise ValueError("tasks.type is field, but the decoder reads none; name the field in decoder.task")
        if all(rows.task) and not any(is_too_long(name, self._most) for name in set(rows.task)):
            return self.names.assign(rows.task)
        present = np.array([self._names_one(name) for name in rows.task], dtype=np.bool_)
        named = self.names.assign([name for name in rows.task if self._names_one(name)])
        columns = np.full((3, len(rows)), MISSING, dtype=np.int64)
        columns[:, present] = named
        return Assigned(*columns)

    def fault(self, name: str) -> TaskFault:
        """Return why a row of this task has none."""
        if not name:
            return super().fault(name)
        return TaskFault("too_large", too_long("task", name, self._most, option="tasks.max_bytes"))

    @property
    def _most(self) -> int:
        most: int = self.options.max_bytes
        return most

    def _names_one(self, name: str) -> bool:
        return bool(name) and not is_too_long(name, self._most)
