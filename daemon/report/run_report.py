"""A run as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.report.markup import Markup, element, table
from daemon.report.matrix_tables import matrix_tables
from daemon.report.memory_bars import memory_bars
from daemon.report.notes_list import notes_list
from daemon.report.page import page
from daemon.report.retention_charts import retention_charts, task_class
from daemon.report.stream_charts import stream_charts
from daemon.report.wording import LEARNERS, NONE, count, lost, moment, points, score

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from daemon.report.run_record import LearnerRecord, RunRecord

    _Figure = tuple[str, str, Callable[..., str], Callable[[LearnerRecord], float | None]]
    """Label, meaning, how it is worded, and what it is of a learner."""

_RETENTION: tuple[_Figure, ...] = (
    ("average score now", "mean over the tasks, on held-out events", score, lambda of: of.figures.average_score),
    ("forgetting", "points below each past task's best", lost, lambda of: of.figures.forgetting),
    ("backward transfer", "points since each was first learned", points, lambda of: of.figures.backward_transfer),
    ("forward transfer", "points before learning, over untrained", points, lambda of: of.figures.forward_transfer),
    ("learning accuracy", "how well each was learned at first", score, lambda of: of.figures.learning_accuracy),
    ("worst-case accuracy", "with the deepest fall of each", score, lambda of: of.figures.wc_acc),
)
_PREDICTIONS: tuple[_Figure, ...] = (
    ("prequential score", "test, then train: all predictions", score, lambda of: of.total.retention_score),
    ("windowed prequential score", "the newest predictions", score, lambda of: of.window.retention_score),
    ("repeating the last label", "the no-change baseline", score, lambda of: of.total.no_change_score),
)

_MATRIX = (
    "Each row is a boundary of the stream, each column a task: the score on the task's held-out events at that"
    " boundary. Framed: the task that had just been learned."
)


def run_report(run: RunRecord, *, title: str, configuration: str | None, made: str) -> str:
    """Return the page; ``configuration`` is the file as it may be shown, None where it is not known."""
    main = run.learners[0]
    average = score(main.figures.average_score, percent=run.percent)
    subtitle = (
        f"After {count(run.events)} events the model is right on {average} of held-out events, averaged over"
        f" {count(len(main.figures.tasks))} tasks."
        if run.classes
        else f"After {count(run.events)} events the model's R² on held-out events is {average}, averaged over"
        f" {count(len(main.figures.tasks))} tasks."
    )
    sections: list[tuple[str, Sequence[Markup]]] = [
        ("Figures", [_figures(run)]),
        ("What the model still knows", list(_known(run))),
        *_seen(run),
        ("The run", [_facts(run)]),
    ]
    if configuration is not None:
        sections.append(("Configuration", [element("pre", configuration)]))
    return page(title, subtitle=subtitle, sections=sections, made=made)


def _figures(run: RunRecord) -> Markup:
    headings = ["", *(learner.name for learner in run.learners), "meaning"]
    rows = [
        *_compared(run, _RETENTION, key=lambda of: of.figures.events),
        *_compared(run, _PREDICTIONS, key=lambda of: of.total.rows + of.total.not_finite),
        _leads(run),
    ]
    caption = (
        "At the last evaluation. Companions are shadow models that this one is compared with; a dash is where a"
        " figure of theirs is of other events."
    )
    return element("div", table(headings, rows, caption=caption), class_="meant")


def _compared(
    run: RunRecord, figures: Sequence[_Figure], *, key: Callable[[LearnerRecord], object]
) -> Iterator[list[str]]:
    """Yield a row for each figure, of those learners for which it is of the main one's events."""
    main = key(run.learners[0])
    for label, meaning, worded, value in figures:
        values = [value(each) if key(each) == main else None for each in run.learners]
        yield [label, *(worded(each, percent=run.percent) for each in values), meaning]


def _leads(run: RunRecord) -> list[str]:
    leads = [None if each.lead is None else each.lead.lead for each in run.learners]
    told = (points(each, percent=run.percent) for each in leads)
    return ["this model's lead", *told, "points, on the newest events that both have predicted"]


def _known(run: RunRecord) -> Iterator[Markup]:
    curves, matrices = retention_charts(run), matrix_tables(run)
    if curves is not None:
        yield curves
        yield element("p", f"A line is thick while its own task is learned. {_whence(run)}", class_="hint")
    yield _tasks(run)
    if matrices is None:
        yield element("p", "There is a matrix once the stream has had boundaries.", class_="hint")
        return
    yield element("h3", "Retention matrix")
    yield element("p", _MATRIX, class_="hint")
    yield matrices


def _whence(run: RunRecord) -> str:
    if run.history is None:
        return "Only the boundaries and the end are drawn: what was between is not in this checkpoint."
    return "Every evaluation is drawn; of a long run, as many as there is room for."


def _tasks(run: RunRecord) -> Markup:
    companion = next(iter(run.learners[1:]), None)
    rows = [
        [
            element("span", element("i", class_=f"swatch {task_class(run.place(code))}"), run.tasks[code]),
            score(of.now, percent=run.percent),
            *([] if companion is None else [_now(companion, code, percent=run.percent)]),
            score(of.first, percent=run.percent),
            score(of.best, percent=run.percent),
            lost(of.forgetting, percent=run.percent),
            count(of.samples),
        ]
        for code, of in sorted(run.learners[0].figures.tasks.items())
    ]
    compared = [] if companion is None else [LEARNERS.get(companion.name, companion.name).lower()]
    return table(["task", "now", *compared, "after its first segment", "best", "forgotten", "held-out rows"], rows)


def _now(learner: LearnerRecord, task: int, *, percent: bool) -> str:
    of = learner.figures.tasks.get(task)
    return score(None if of is None else of.now, percent=percent)


def _seen(run: RunRecord) -> Iterator[tuple[str, Sequence[Markup]]]:
    """Yield the sections that are made from the run history."""
    history = run.history
    if history is None:
        reason = run.problem or "It was written by a version that kept none."
        said = f"This checkpoint has no run history: no rate, lag, memory and events of note. {reason}"
        yield "Stream", [element("p", said, class_="hint")]
        return
    if history.stretches.start:
        says = "The mean rate and the largest lag over time; gaps are where no daemon ran."
        yield "Stream", [stream_charts(history.course()), element("p", says, class_="hint")]
    if history.memory:
        yield "Memory of the past", list(memory_bars(run, history.memory))
    noted = history.noted()
    if noted:
        yield "Events of note", [notes_list(noted), element("p", "Times are UTC.", class_="hint")]


def _facts(run: RunRecord) -> Markup:
    rows = [
        ["checkpoint", f"generation {run.generation}, {count(run.size_bytes)} bytes, {moment(run.created)}"],
        ["events, steps", f"{count(run.events)}, {count(run.steps)}"],
        ["boundaries", count(run.learners[0].figures.boundaries)],
        ["classes", ", ".join(run.classes) or NONE],
        ["written by", f"retaind {run.retaind}"],
    ]
    return element("div", table(["", ""], rows), class_="words")
