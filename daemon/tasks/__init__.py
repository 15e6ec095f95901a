"""How the stream is divided into tasks.

A new way is one file here and one line in the table below.
"""

from daemon.tasks.by_field import FieldTasks
from daemon.tasks.by_topic import TopicTasks
from daemon.tasks.contract import Tasks
from daemon.tasks.drift import DriftTasks
from daemon.tasks.none import NoTasks
from daemon.tasks.schedule import ScheduledTasks

TASKS: dict[str, type[Tasks]] = {
    "none": NoTasks,
    "field": FieldTasks,
    "topic": TopicTasks,
    "schedule": ScheduledTasks,
    "drift": DriftTasks,
}
