"""What the newest checkpoint of a run tells of it, without the configuration that wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.scoring.prequential import Prequential
from daemon.scoring.retention import RetentionMatrix
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError
from daemon.tasks.none import STREAM
from daemon.tasks.task_names import OTHER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from daemon.scoring.evaluation import Evaluation
    from daemon.scoring.figures import Figures
    from daemon.scoring.prequential_score import PrequentialScore
    from daemon.state.generation import SavedState

MAIN = "main"


@dataclass(frozen=True, slots=True)
class LearnerRecord:
    """How one learner stood."""

    name: str
    figures: Figures
    total: PrequentialScore
    window: PrequentialScore
    boundaries: tuple[Evaluation, ...]
    """Rows of R, oldest first."""
    course: tuple[Evaluation, ...]
    """Those and the latest evaluation, where that is another."""


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as of its newest checkpoint."""

    generation: int
    created: float
    retaind: str
    events: int
    steps: int
    size_bytes: int
    tasks: tuple[str, ...]
    """By code."""
    classes: tuple[str, ...]
    """Empty in regression."""
    learners: tuple[LearnerRecord, ...]
    """The main one first."""


def read_run(directory: Path) -> RunRecord:
    """Read the newest good checkpoint of a state directory; raise ``StateError`` where there is nothing to tell."""
    store = CheckpointStore(directory, keep=1)
    recovered = store.load_newest()
    if recovered is None:
        raise StateError(f"there are no checkpoints in {store.directory}")
    student = recovered.saved.state["pipeline"]["student"]
    if not student:
        raise StateError(
            f"the checkpoint in {directory} is from before the first event: there is nothing to report"
        )
    try:
        return _record(recovered.saved, student)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(
            f"the checkpoint in {directory} is not one that this version can report: {error!r}"
        ) from error


def _record(saved: SavedState, student: Mapping[str, Any]) -> RunRecord:
    intake = saved.state["pipeline"]["intake"]
    classes = intake["labels"].get("names")
    learners = [(MAIN, student), *student["companions"]["by_name"].items()]
    records = [_learner(name, state, classification=classes is not None) for name, state in learners]
    return RunRecord(
        generation=saved.generation,
        created=saved.created,
        retaind=saved.retaind,
        events=int(saved.summary["events"]),
        steps=int(saved.summary["step"]),
        size_bytes=saved.bytes,
        tasks=_tasks(intake["tasks"], size=len(student["examiner"]["matrix"]["learned_at"])),
        classes=tuple(map(str, classes or ())),
        learners=tuple(records),
    )


def _tasks(state: Mapping[str, Any], *, size: int) -> tuple[str, ...]:
    known = [str(name) for name in state.get("names", {}).get("names", [])] or [STREAM]
    return (*known, *("" for _ in range(size - 1 - len(known))), OTHER)


def _learner(name: str, state: Mapping[str, Any], *, classification: bool) -> LearnerRecord:
    saved = state["examiner"]["matrix"]
    size = len(saved["learned_at"])
    matrix = RetentionMatrix(size, max_boundaries=max(len(saved["rows"]["boundary"]), 2))
    matrix.load_state_dict(saved)
    prequential = Prequential(len(state["prequential"]["ring"]), classification=classification, max_tasks=size)
    prequential.load_state_dict(state["prequential"])
    rows, now = matrix.table(), matrix.latest()
    return LearnerRecord(
        name=name,
        figures=matrix.figures(),
        total=prequential.total(),
        window=prequential.windowed(),
        boundaries=rows,
        course=(*rows, now) if now is not None and (not rows or now.events > rows[-1].events) else rows,
    )
