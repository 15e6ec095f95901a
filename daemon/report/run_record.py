"""What the newest checkpoint of a run tells of it, without the configuration that wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.learning.snapshot import MAIN
from daemon.learning.target_states import one_of, states_by_target
from daemon.process.redaction import redacted
from daemon.scoring.class_scores import ClassScores
from daemon.scoring.learner_scores import LearnerScores
from daemon.scoring.prequential import Prequential
from daemon.scoring.retention import RetentionMatrix
from daemon.state.checkpoints import CheckpointStore
from daemon.state.state_error import StateError
from daemon.tasks.none import STREAM
from daemon.tasks.task_names import OTHER
from daemon.telemetry.comparison import NAIVE
from daemon.telemetry.history.curve import Curve
from daemon.telemetry.history.saved import read_history

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from daemon.scoring.class_scores import ClassScore
    from daemon.scoring.evaluation import Evaluation
    from daemon.scoring.figures import Figures
    from daemon.scoring.lead import Lead
    from daemon.scoring.prequential_score import PrequentialScore
    from daemon.state.generation import SavedState
    from daemon.telemetry.history.curve import Point
    from daemon.telemetry.history.saved import SavedHistory


@dataclass(frozen=True, slots=True)
class LearnerRecord:
    """How one learner stood."""

    name: str
    scores: LearnerScores
    curve: tuple[Point, ...]
    """All evaluations, thinned; without a history those at boundaries, and the latest."""
    lead: Lead | None = None
    """The main learner's over this one, on the events of the window that both have predicted; None of itself."""

    @property
    def figures(self) -> Figures:
        """Its retention."""
        return self.scores.figures

    @property
    def total(self) -> PrequentialScore:
        """Its score over everything."""
        return self.scores.total

    @property
    def window(self) -> PrequentialScore:
        """Its score over the newest events."""
        return self.scores.window

    @property
    def boundaries(self) -> tuple[Evaluation, ...]:
        """Rows of R, oldest first."""
        return self.scores.boundaries


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
    current_task: int | None
    """The one that was being learned."""
    classes: tuple[str, ...]
    """Empty in regression."""
    learners: tuple[LearnerRecord, ...]
    """The main one first; without a naive companion that has missed events, which would be another learner."""
    committee: LearnerScores | None
    """Of what was published; None where the main learner answers alone."""
    by_class: Mapping[str, ClassScore]
    """How good what was published is, by the name of the class."""
    history: SavedHistory | None
    """The run history; None where nothing was written, or what was written is damaged."""
    problem: str | None
    """What is wrong with what was written."""

    @property
    def percent(self) -> bool:
        """Whether a score is a share of events, and not R²."""
        return bool(self.classes)

    @property
    def task_names(self) -> dict[int, str]:
        """Names of the tasks that there are, by code."""
        return _by_code(self.tasks)

    @property
    def scored(self) -> list[int]:
        """The tasks that the main learner knows."""
        return sorted(self.learners[0].figures.tasks)

    def place(self, task: int) -> int:
        """Return the place of a task among all that are shown, which decides on its colour."""
        return self.scored.index(task) if task in self.scored else task


def read_run(directory: Path, *, target: str | None = None) -> RunRecord:
    """Read the newest good checkpoint of a state directory; raise ``StateError`` where there is nothing to tell.

    Of several targets it is told of ``target``.
    """
    store = CheckpointStore(directory, keep=1)
    recovered = store.require_newest()
    states = states_by_target(recovered.saved.state["pipeline"])
    try:
        name = one_of(states, target)
    except ValueError as error:
        raise StateError(f"{directory} has learned several targets: {error}") from error
    if not states[name]["main_learner"]:
        raise StateError(
            f"the checkpoint in {directory} is from before the first event: there is nothing to report"
        )
    try:
        return _record(recovered.saved, states[name], *_history(store, recovered.saved.generation, name))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StateError(
            f"the checkpoint in {directory} is not one that this version can report: {error!r}"
        ) from error


def _history(store: CheckpointStore, generation: int, target: str) -> tuple[SavedHistory | None, str | None]:
    try:
        history = read_history(store, generation)
    except StateError as error:
        return None, str(error)
    return None if history is None else history.of_target(target), None


def _record(
    saved: SavedState, state: Mapping[str, Any], history: SavedHistory | None, problem: str | None
) -> RunRecord:
    intake, main = state["intake"], state["main_learner"]
    classes = intake["labels"].get("names")
    learners = {MAIN: main, **main["companions"]["by_name"]}
    points = {} if history is None else history.points()
    scores = {name: _prequential(of["scored"], classification=classes is not None) for name, of in learners.items()}
    waiting = len(main["block"]["x"]) if main["block"] else 0
    if NAIVE in scores and scores[NAIVE].n_seen + waiting != scores[MAIN].n_seen:
        del learners[NAIVE]
    tasks = _tasks(intake["tasks"], size=len(main["scored"]["evaluator"]["matrix"]["learned_at"]))
    records = [
        _learner(
            name,
            _scores(of["scored"]["evaluator"]["matrix"], scores[name], tasks),
            lead=None if name == MAIN else scores[MAIN].lead_over(scores[name], waiting=waiting),
            points=points.get(name, ()),
        )
        for name, of in learners.items()
    ]
    return RunRecord(
        generation=saved.generation,
        created=saved.created,
        retaind=saved.retaind,
        events=int(saved.summary["events"]),
        steps=int(saved.summary["step"]),
        size_bytes=saved.bytes,
        tasks=tasks,
        current_task=state["task"],
        classes=tuple(map(str, classes or ())),
        learners=tuple(records),
        committee=_committee(main["committee"], tasks, classification=classes is not None),
        by_class=_by_class(main["by_class"], classes or ()),
        history=history,
        problem=problem,
    )


def _tasks(state: Mapping[str, Any], *, size: int) -> tuple[str, ...]:
    known = [redacted(str(name)) for name in state.get("names", {}).get("names", [])] or [STREAM]
    return (*known, *("" for _ in range(size - 1 - len(known))), OTHER)


def _by_code(tasks: Sequence[str]) -> dict[int, str]:
    return {code: name for code, name in enumerate(tasks) if name}


def _committee(state: Mapping[str, Any], tasks: Sequence[str], *, classification: bool) -> LearnerScores | None:
    if not state or not state["matrix"]:
        return None
    return _scores(state["matrix"], _prequential(state, classification=classification), tasks)


def _by_class(state: Mapping[str, Any], classes: Sequence[Any]) -> dict[str, ClassScore]:
    scores = ClassScores(len(classes))
    scores.load_state_dict(state)
    return {str(classes[index]): of for index, of in scores.of_each().items()}


def _prequential(state: Mapping[str, Any], *, classification: bool) -> Prequential:
    saved = state["prequential"]
    prequential = Prequential(len(saved["ring"]), classification=classification, max_tasks=len(saved["of_task"]))
    prequential.load_state_dict(saved)
    return prequential


def _scores(saved: Mapping[str, Any], prequential: Prequential, tasks: Sequence[str]) -> LearnerScores:
    matrix = RetentionMatrix(len(saved["learned_at"]), max_boundaries=max(len(saved["rows"]["boundary"]), 2))
    matrix.load_state_dict(saved)
    return LearnerScores.of(matrix, prequential, _by_code(tasks))


def _learner(name: str, scores: LearnerScores, *, lead: Lead | None, points: tuple[Point, ...]) -> LearnerRecord:
    curve = Curve(point for point in points if len(point.scores) == scores.max_tasks)
    curve.follow(scores.boundaries, latest=scores.latest)
    return LearnerRecord(name, scores=scores, curve=curve.points, lead=lead)
