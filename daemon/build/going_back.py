"""Goes back to an earlier state for the sake of a retention budget: with the stages of now it is the newest one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.source import why_not_back_to
from daemon.telemetry.history.saved import history_text

if TYPE_CHECKING:
    from connectors.source import Source
    from daemon.learning.budget_guard import BudgetGuard
    from daemon.loop.loop import Loop
    from daemon.state.checkpoints import CheckpointStore
    from daemon.state.generation import SavedState


class NoWayBackError(Exception):
    """There is no earlier state that could be taken up; the message says why."""


def go_back(loop: Loop, guard: BudgetGuard, *, store: CheckpointStore, source: Source) -> int:
    """Write a generation with which an earlier one goes on, and return its number; the caller takes it up.

    What was saved just now says what the outputs have; events that were answered by now are learned again and not
    published again. Written at once or not at all: a process that is killed before finds the wish in the state, one
    that is killed after goes on from the generation. Raises ``NoWayBackError`` where there is no way.
    """
    if len(loop.pipeline.by_target) > 1:
        raise NoWayBackError("several targets share the stream, and only one of them is to go back")
    if loop.answered.again:
        raise NoWayBackError("what was learned before is still being relearned")
    earlier = store.newest_inside()
    if earlier is None:
        raise NoWayBackError("no checkpoint is kept from before an evaluation inside the budget")
    if why := why_not_back_to(source, earlier.state["source"]):
        raise NoWayBackError(why)
    return store.write_return(
        {**_going_on(earlier, guard), **loop.saved_sinks(), "answered": source.snapshot()},
        earlier.summary,
        returning_to=earlier.generation,
        history=history_text(store, earlier.generation),
    )


def _going_on(earlier: SavedState, guard: BudgetGuard) -> dict[str, object]:
    """Return the earlier state with what has been done about the budget by now."""
    main = earlier.state["pipeline"]["main_learner"]
    if not main or not main["budget"]:
        raise NoWayBackError(f"generation {earlier.generation} had no budget")
    main["budget"] = guard.state_from(main["budget"], events=main["events"])
    return earlier.state
