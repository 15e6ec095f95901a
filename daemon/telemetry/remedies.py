"""Why answers may be below a reference, and which key to set."""

from __future__ import annotations

from daemon.learning.snapshot import NO_CHANGE


def why_and_remedy(reference: str, *, committee: bool) -> tuple[str, str]:
    """Return a sentence each for an operator; ``committee`` tells whether one answers already."""
    if reference != NO_CHANGE:
        return (_RETENTION_COSTS, _LESS_OF_IT)
    return (_LABELS_STAY, _LABEL_AS_INPUT if committee else _COMMITTEE)


_LABELS_STAY = (
    "Repeating the last label predicts better than the answers: labels hardly change from event to event."
)
_COMMITTEE = (
    "Set committee: {}, which answers with the last label where that is best, or give the model the last label as"
    " an input with features.label_lags: 1."
)
_LABEL_AS_INPUT = "Give the learners the last label as an input with features.label_lags: 1."
_RETENTION_COSTS = (
    "The same model without strategies predicts better than the answers: retention costs more than it brings at the"
    " moment."
)
_LESS_OF_IT = (
    "Lower strength in strategies, or try fewer strategies as companions.challenger; where nothing old ever comes"
    " back, strategies: [] is enough."
)
