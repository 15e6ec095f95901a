"""The migration of states in which not every row had its key.

Rows of theirs whose key nobody noted count as of no key, and no request for a key finds them: in probe sets until
others take their places, elsewhere until the newest have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from strategies.provenance import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    State = dict[str, Any]


def note_whose_rows_are(state: State) -> None:
    """Version 4 of the main learner and those before what came with it: keys where rows, scores and labels are."""
    pipeline = state["pipeline"]
    _of_histories(pipeline["intake"])
    if main := pipeline["main_learner"]:
        _of_held_out(main)
    for task in pipeline.get("intervals", {}).get("tasks", {}).values():
        task["keys"] = _unknown(len(task["residuals"]))
    for part in _within(pipeline):
        _of_part(part)


def _of_histories(intake: State) -> None:
    if intake["features"]:
        history = intake["features"]["history"]
        depth = max(np.shape(history[name])[1] for name in ("values", "labels"))
        history["whose"] = _unknown(depth if history["keys"] is None else 0)
    finder = intake.get("later_labels", {}).get("finder", {})
    for name in ("waiting", "early", "settled"):
        if name in finder:
            finder[name]["keys"] = _unknown(len(finder[name]["identities"]["lengths"]))


def _of_held_out(main: State) -> None:
    for rows in main["probes"]["sets"].values():
        rows["whose"] = np.full((len(rows["x"]), 2), UNKNOWN)
    if aged := main["aged"]:
        aged["limit"] = np.inf
        for columns in (aged["columns"], aged["new"]):
            if columns:
                columns |= {name: _unknown(len(columns["x"])) for name in ("key", "time_ms")}


def _of_part(part: State) -> None:
    """Add the keys to a part that is known by what it holds."""
    if part.keys() >= {"ring", "of_task", "n_seen"}:
        part["keys"] = _unknown(len(part["ring"]))
    elif part.keys() == {"gathered"}:
        part["keys"] = _unknown(len(part["gathered"]))
    elif part.keys() == {"rows", "lengths", "labels", "seen"}:
        part["keys"] = _unknown(len(part["rows"]))
    elif part.keys() >= {"newest", "curvature"}:
        part["keys"] = _unknown(len(part["newest"]))
    elif part.keys() >= {"committee.x", "provenance"}:
        part["committee.key"] = np.asarray(part["provenance"])[:, 0].copy()


def _unknown(rows: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.full(rows, UNKNOWN, dtype=np.int64)


def _within(state: State) -> Iterator[State]:
    yield state
    for part in list(state.values()):
        if isinstance(part, dict):
            yield from _within(part)
