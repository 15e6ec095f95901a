"""Notices, by looking at it now and then, what has happened to the learner."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from connectors.source import SourceStatus
    from daemon.learning.main_learner import Student
    from daemon.learning.pipeline import Pipeline
    from daemon.telemetry.history.notes import Notes


class Watch:
    """Compares counts with those of the last look. What an earlier process counted is not news."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._ready: str | None = None
        self._seen: dict[str, int] | None = None

    def look(self, pipeline: Pipeline, *, source: SourceStatus, at: float) -> None:
        """Note what is new at Unix time ``at``."""
        reason = "" if source.ready else source.reason
        if reason != self._ready:
            self._ready = reason
            self._notes.add("ready", at=at, text=f"Not ready: {reason}" if reason else "Ready")
        counts = _counts(pipeline.student)
        for name, before in (self._seen or {}).items():
            if counts[name] > before:
                self._note(name, pipeline, before=before, at=at)
        self._seen = counts

    def _note(self, name: str, pipeline: Pipeline, *, before: int, at: float) -> None:
        student = pipeline.student
        assert student is not None, "something was counted"
        if name == "boundaries":
            for row in student.examiner.matrix.table():
                if row.boundary >= before:
                    task = pipeline.task_names[row.task]
                    self._notes.add("boundary", at=at, text=f"{task} ended after {row.events:,} events")
        elif name == "alarms":
            self._notes.add("drift", at=at, text="Alarm of the detector", count=student.alarms - before)
        else:
            count = student.learner.rejected_steps - before
            text = "Rejected: loss or gradient not finite; the weights stayed as they were"
            self._notes.add("step", at=at, text=text, count=count)


def _counts(student: Student | None) -> dict[str, int]:
    if student is None:
        return {"boundaries": 0, "alarms": 0, "steps": 0}
    rows = student.examiner.matrix.table()
    return {
        "boundaries": rows[-1].boundary + 1 if rows else 0,
        "alarms": student.alarms,
        "steps": student.learner.rejected_steps,
    }
