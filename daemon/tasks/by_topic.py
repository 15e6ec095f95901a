"""Tasks named by the topic that an event came on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from daemon.options import Section
from daemon.tasks.contract import Tasks

if TYPE_CHECKING:
    from connectors.decoder import Rows
    from daemon.tasks.assigned import Assigned


class TopicTasksOptions(Section):
    """The topic names the task."""

    type: Literal["topic"] = "topic"


class TopicTasks(Tasks):
    """A row's task is the topic of its record."""

    Options = TopicTasksOptions

    def assign(self, rows: Rows) -> Assigned:
        """Return each row's task."""
        return self.names.assign([record.topic for record in rows.records])
