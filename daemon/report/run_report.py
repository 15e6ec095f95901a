"""A run as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.report.markup import Markup, element, picture, table
from daemon.report.page import page
from daemon.report.run_pictures import MOST_BOUNDARIES, MOST_TASKS, curves_picture, matrix_picture
from daemon.report.wording import NONE, count, lost, moment, per_cent, points

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from daemon.report.run_record import LearnerRecord, RunRecord

_FIGURES: tuple[tuple[str, str, Callable[[LearnerRecord], str]], ...] = (
    ("average score now", "mean over the tasks, on held-out events", lambda of: per_cent(of.figures.average_score)),
    ("forgetting", "points below each past task's best", lambda of: lost(of.figures.forgetting)),
    ("backward transfer", "points since each was first learned", lambda of: points(of.figures.backward_transfer)),
    ("forward transfer", "points before learning, over untrained", lambda of: points(of.figures.forward_transfer)),
    ("learning accuracy", "how well each was learned at first", lambda of: per_cent(of.figures.learning_accuracy)),
    ("worst-case accuracy", "with the deepest fall of each", lambda of: per_cent(of.figures.wc_acc)),
    (
        "prequential score",
        "predicted first, learned after: all events",
        lambda of: per_cent(of.total.retention_score),
    ),
    ("the same, lately", "of the last window", lambda of: per_cent(of.window.retention_score)),
    ("repeating the last label", "the same for who learns nothing", lambda of: per_cent(of.total.no_change_score)),
)


def run_report(run: RunRecord, *, title: str, configuration: str | None, made: str) -> str:
    """Return the page; ``configuration`` is the file as it may be shown, None where it is not known."""
    main = run.learners[0]
    score = per_cent(main.figures.average_score)
    subtitle = (
        f"After {count(run.events)} events the model is right on {score} of held-out events, averaged over"
        f" {count(len(main.figures.tasks))} tasks."
        if run.classes
        else f"After {count(run.events)} events the model's R² on held-out events is {score}, averaged over"
        f" {count(len(main.figures.tasks))} tasks."
    )
    sections: list[tuple[str, Sequence[Markup]]] = [
        ("Figures", [_figures(run)]),
        ("What is still known", list(_pictures(run))),
        ("Tasks", [_tasks(run)]),
        ("The run", [_facts(run)]),
    ]
    if configuration is not None:
        sections.append(("Configuration", [element("pre", configuration)]))
    return page(title, subtitle=subtitle, sections=sections, made=made)


def _figures(run: RunRecord) -> Markup:
    headings = ["", *(learner.name for learner in run.learners), "meaning"]
    rows = ([label, *(value(each) for each in run.learners), meaning] for label, meaning, value in _FIGURES)
    caption = "At the last examination; learners beside the main one are twins of it."
    return element("div", table(headings, rows, caption=caption), class_="meant")


def _pictures(run: RunRecord) -> Iterator[Markup]:
    curves, matrix = curves_picture(run), matrix_picture(run)
    if curves is not None:
        yield picture(curves, says="Each task's score over the life of the run, one panel a learner")
    if matrix is not None:
        yield picture(matrix, says="Retention matrices: the score on each task after each boundary")
    if curves is None or matrix is None:
        yield element("p", "There are pictures once the stream has had boundaries.", class_="note")
    elif len(run.learners[0].figures.tasks) > MOST_TASKS or len(run.learners[0].boundaries) > MOST_BOUNDARIES:
        limits = f"Drawn are {MOST_TASKS} tasks and the last {MOST_BOUNDARIES} boundaries; the table has all tasks."
        yield element("p", limits, class_="note")


def _tasks(run: RunRecord) -> Markup:
    rows = [
        [
            run.tasks[code],
            per_cent(of.now),
            per_cent(of.first),
            per_cent(of.best),
            lost(of.forgetting),
            count(of.samples),
        ]
        for code, of in sorted(run.learners[0].figures.tasks.items())
    ]
    return table(["task", "now", "after its first segment", "best", "forgotten", "held-out rows"], rows)


def _facts(run: RunRecord) -> Markup:
    rows = [
        ["checkpoint", f"generation {run.generation}, {count(run.size_bytes)} bytes, {moment(run.created)}"],
        ["events, steps", f"{count(run.events)}, {count(run.steps)}"],
        ["boundaries", count(run.learners[0].figures.boundaries)],
        ["classes", ", ".join(run.classes) or NONE],
        ["written by", f"retaind {run.retaind}"],
    ]
    return element("div", table(["", ""], rows), class_="words")
