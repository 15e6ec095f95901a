"""The part of a state that is of one target: a state of several has them by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.intake.labels.alone import ALONE
from daemon.intake.labels.later import name_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    State = Mapping[str, Any]

TARGETS = "targets"


def states_by_target(state: State) -> Mapping[str, State]:
    """Return the states of a pipeline's state by the name of what each predicts.

    A state of one label has it under the name that the same target has in a list, or ``ALONE`` where it could be in
    none.
    """
    return state[TARGETS] if TARGETS in state else {_name(state): state}


def one_of(targets: Iterable[str], wanted: str | None) -> str:
    """Return the name of the target that is wanted, or of the only one; raise ``ValueError`` where there is none.

    >>> one_of(["pm25+1h"], None), one_of(["pm25+1h", "pm25+24h"], "pm25+24h")
    ('pm25+1h', 'pm25+24h')
    """
    names = list(targets)
    if wanted is None and len(names) == 1:
        return names[0]
    if wanted is None or wanted not in names:
        raise ValueError(f"name one of the targets with --target; there are {', '.join(names)}")
    return wanted


def _name(state: State) -> str:
    later = state["intake"].get("later_labels", {})
    if later.get("origin") != "stream":
        return ALONE
    target, field, ahead = later["finder"]["target"]
    return name_of(field, ahead=ahead, target=target)
