"""One task: the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from daemon.options import Section
from daemon.tasks.assigned import Assigned, Segment
from daemon.tasks.contract import Tasks

if TYPE_CHECKING:
    from connectors.decoder import Rows

STREAM = "stream"


class NoTasksOptions(Section):
    """Everything is one task."""

    type: Literal["none"] = "none"


class NoTasks(Tasks):
    """Everything is one task, named stream, and there are no boundaries."""

    Options = NoTasksOptions

    def assign(self, rows: Rows) -> Assigned:
        """Return the same task for every row."""
        code = self.names.code(STREAM, rows=len(rows))
        return Assigned.to_one(Segment(code, segment=code, retired=0), rows=len(rows))
