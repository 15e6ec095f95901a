"""What the committee costs, and each of its members."""

from __future__ import annotations

import time
from collections import defaultdict
from functools import wraps
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.learning.committee.class_committee import ClassCommittee
from daemon.learning.committee.closed_form_member import ClosedFormMember
from daemon.learning.committee.label_members import LabelMembers
from daemon.learning.committee.log_pools import LogPools
from daemon.learning.committee.neighbours import Neighbours
from daemon.learning.committee.network_member import NetworkMember
from daemon.learning.committee.views import ClassViews
from daemon.learning.stopwatch import Stopwatch
from daemon.process.threads import use_threads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PARTS = (ClosedFormMember, LabelMembers, LogPools, Neighbours, NetworkMember, ClassViews, ClassCommittee)
MOMENTS = ("predict", "answer", "add", "learn")
WARM = 10_000
"""Events that are not counted: while the stream is young, everything makes more steps."""
AT_ONCE = 4_096


def committee_cost(values: Iterable[bytes], *, config: str) -> dict[str, float]:
    """Return the microseconds of processor time an event that each part of the committee takes, most first.

    Voices of one member are told together; ``committee`` is what is left of the time for mixing. ``config`` is the
    text of a configuration with a committee, ``values`` are more than ``WARM`` events for it.
    """
    use_threads(1)
    pipeline = build_pipeline(load_bytes(config.encode(), file="committee", environ={}), stopwatch=Stopwatch())
    records = [LocalRecord("cost", 0, offset, -1, None, value, []) for offset, value in enumerate(values)]
    pipeline.process(records[:WARM])
    spent: dict[str, float] = defaultdict(float)
    watched = [
        patch.object(part, moment, _timed(getattr(part, moment), spent))
        for part in PARTS
        for moment in MOMENTS
        if hasattr(part, moment)
    ]
    for each in watched:
        each.start()
    try:
        for start in range(WARM, len(records), AT_ONCE):
            pipeline.process(records[start : start + AT_ONCE])
    finally:
        for each in watched:
            each.stop()
    parts = sum(seconds for name, seconds in spent.items() if name != "committee")
    spent["committee"] -= parts
    return {
        name: seconds / (len(records) - WARM) * 1e6
        for name, seconds in sorted(spent.items(), key=lambda one: -one[1])
    }


def _timed(moment: Callable[..., Any], spent: dict[str, float]) -> Callable[..., Any]:
    """Return the same, adding what it takes to the part's name."""

    @wraps(moment)
    def timed(part: Any, *arguments: Any, **options: Any) -> Any:
        begun = time.process_time()
        try:
            return moment(part, *arguments, **options)
        finally:
            spent[_name(part)] += time.process_time() - begun

    return timed


def _name(part: Any) -> str:
    if isinstance(part, ClassCommittee):
        return "committee"
    names = getattr(part, "names", (type(part).__name__,))
    return " + ".join(names)
