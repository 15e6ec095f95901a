"""What a list of targets has to be, so that each has a name of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError
from pydantic_core import InitErrorDetails, PydanticCustomError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.intake.labels.later import LaterLabel

MOST_TARGETS = 16
"""Each is a label value of every metric, and costs about as much as a daemon of its own."""


def require_targets(targets: Any) -> Any:
    """Return the validated targets; raise ``ValidationError`` at those that are none, or are there twice."""
    if len(targets) > MOST_TARGETS:
        raise ValueError(
            f"there are {len(targets)} targets, and a daemon has at most {MOST_TARGETS}; run another one"
        )
    problems = [(place, _problem(targets, place)) for place in range(len(targets))]
    details = [
        InitErrorDetails(type=PydanticCustomError("not_a_target", "{why}", {"why": why}), loc=(place,), input=None)
        for place, why in problems
        if why
    ]
    if details:
        raise ValidationError.from_exception_data("targets", details)
    return targets


def _problem(targets: Sequence[LaterLabel], place: int) -> str:
    target = targets[place]
    if target.origin != "stream":
        return "a target is of the stream's own future; leave out from, or say from: stream"
    if target.name in [before.name for before in targets[:place]]:
        return f"{target.name} is there twice; give each target once"
    return ""
