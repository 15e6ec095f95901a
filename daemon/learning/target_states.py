"""The part of a state that is of one target: a state of several has them by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.intake.labels.later import ALONE, name_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    State = Mapping[str, Any]

TARGETS = "targets"


def states_by_target(state: State) -> Mapping[str, State]:
    """Return the states of a pipeline's state by the name of what each predicts.

    A state of one label has it under the name that the same target has in a list, or ``ALONE`` where it could be in
    none.
    """
    return state[TARGETS] if TARGETS in state else {_name(state): state}


def _name(state: State) -> str:
    later = state["intake"].get("later_labels", {})
    if later.get("origin") != "stream":
        return ALONE
    target, field, ahead = later["finder"]["target"]
    return name_of(field, ahead=ahead, target=target)
