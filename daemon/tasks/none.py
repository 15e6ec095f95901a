"""One task: the stream."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import numpy as np

from daemon.options import Section
from daemon.tasks.contract import Assigned, Tasks

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
        codes = np.full(len(rows), self.names.code(STREAM, rows=len(rows)), dtype=np.int64)
        return Assigned(codes, codes)
