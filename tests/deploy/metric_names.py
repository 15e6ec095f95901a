"""The names that a query may ask for, and those that it asks for."""

from __future__ import annotations

import re

from daemon.telemetry.metrics import AREAS, lead
from daemon.telemetry.metrics.board import OVERFLOW
from daemon.telemetry.metrics.learner import FAMILIES as OF_A_LEARNER

FAMILIES = (OVERFLOW, *(family for area in AREAS for family in area.FAMILIES))
OF_HISTOGRAM = ("_bucket", "_count", "_sum")


def known() -> set[str]:
    """Every name that the daemon can show as a series."""
    plain = {family.name for family in FAMILIES if family.kind != "histogram"}
    return plain | {family.name + end for family in FAMILIES if family.kind == "histogram" for end in OF_HISTOGRAM}


def asked(expr: str) -> set[str]:
    """The daemon's metrics in a PromQL expression; what a recording rule has made has colons in its name."""
    return set(re.findall(r"(?<![\w:])retaind_\w+(?!\w*:)", expr))


def of_several_learners() -> set[str]:
    """Names whose series carry the label `learner`: of those not the main learner's, or of those it leads."""
    return {family.name for family in (*OF_A_LEARNER, *lead.FAMILIES)}
