"""The contract of every way to tell tasks apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

    from connectors.decoder import RejectReason, Rows
    from daemon.options import Section
    from daemon.tasks.assigned import Assigned, Segment
    from daemon.tasks.task_names import TaskNames


class TaskFault(NamedTuple):
    """Why a row has no task: the makings of a ``Reject`` at stage "task"."""

    reason: RejectReason
    message: str


class Tasks:
    """A way to tell tasks apart.

    The loop calls ``assign`` once for every row, in order, and ``observe`` once for every micro-batch, after it.
    Where ``observe`` returns a segment, the loop gives it to all rows that are assigned but not yet in a
    micro-batch; rows that are assigned later have it already. Results depend on the rows and the micro-batches in
    their order, never on how rows are grouped into calls of ``assign``. Subclasses name their options in
    ``Options``.
    """

    Options: ClassVar[type[Section]]

    def __init__(self, options: Any, *, names: TaskNames) -> None:
        self.options = options
        self.names = names

    def assign(self, rows: Rows) -> Assigned:
        """Return the task and the segment of every row."""
        raise NotImplementedError

    def fault(self, name: str) -> TaskFault:
        """Return why a row has no task, whose decoded name is this one."""
        assert not name
        return TaskFault("missing_task", "The task field is absent, null or empty.")

    def observe(self, errors: NDArray[np.float64]) -> Segment | None:
        """Look at a micro-batch's prequential errors, ``(rows,)``; return the new segment where one begins."""
        return None

    def state_dict(self) -> dict[str, Any]:
        """Return everything that must survive a crash, the names included."""
        return {"names": self.names.state_dict()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take up a state that ``state_dict`` returned."""
        self.names.load_state_dict(state["names"])
