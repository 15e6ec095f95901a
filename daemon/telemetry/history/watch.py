"""Notices, by looking at it now and then, what has happened to the learner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.intake.labels.alone import ALONE

if TYPE_CHECKING:
    from daemon.learning.snapshot import PipelineSnapshot
    from daemon.telemetry.history.notes import Notes
    from daemon.telemetry.snapshot import Snapshot


class Watch:
    """Compares counts with those of the last look. What an earlier process counted is not news."""

    def __init__(self, notes: Notes) -> None:
        self._notes = notes
        self._ready: str | None = None
        self._seen: dict[str, dict[str, int]] = {}
        """By target."""

    def look(self, snapshot: Snapshot) -> None:
        """Note what is new."""
        reason = "" if snapshot.source.ready else snapshot.source.reason
        if reason != self._ready:
            self._ready = reason
            self._notes.add("ready", at=snapshot.at, text=f"Not ready: {reason}" if reason else "Ready")
        for target, pipeline in snapshot.pipeline.by_target.items():
            counts, seen = _counts(pipeline), self._seen.get(target, {})
            for name, before in seen.items():
                if counts.get(name, before) > before:
                    self._note(target, name, pipeline, before=before, count=counts[name] - before, at=snapshot.at)
            self._seen[target] = counts

    def _note(
        self, target: str, name: str, pipeline: PipelineSnapshot, *, before: int, count: int, at: float
    ) -> None:
        of = "" if target == ALONE else f"{target}: "
        if name == "boundaries":
            assert pipeline.main is not None, "a boundary was counted"
            for row in pipeline.main.scores.boundaries:
                if row.boundary >= before:
                    task = pipeline.tasks[row.task]
                    self._notes.add("boundary", at=at, text=f"{of}{task} ended after {row.events:,} events")
        elif name == "alarms":
            self._notes.add("drift", at=at, text=f"{of}Alarm of the detector", count=count)
        elif name in _STAGES:
            self._notes.add("budget", at=at, text=f"{of}{_STAGES[name]}", count=count)
        elif name == "anomalies":
            self._notes.add("anomaly", at=at, text=f"{of}An anomaly began", count=count)
        else:
            text = f"{of}Rejected: loss or gradient not finite; the weights stayed as they were"
            self._notes.add("step", at=at, text=text, count=count)


_STAGES = {
    "boost": "A retention budget is passed: more of the task is rehearsed",
    "rollback": "A retention budget is passed: back to an earlier state",
    "freeze": "A retention budget is passed: nothing is learned",
    "trial": "Learning again, on trial",
    "calm": "Inside the retention budget again",
    "let_go": "A task was let go: its budget could not be held",
}
"""What is noted of the budget, by what is counted."""


def _counts(pipeline: PipelineSnapshot) -> dict[str, int]:
    main = pipeline.main
    return {
        "boundaries": 0 if main is None else main.scores.figures.boundaries,
        "alarms": pipeline.alarms,
        "anomalies": 0 if pipeline.anomalies is None else pipeline.anomalies.anomalies,
        "steps": 0 if main is None else main.steps_rejected,
        **({} if pipeline.budget is None else {**pipeline.budget.entered, "let_go": pipeline.budget.let_go}),
    }
