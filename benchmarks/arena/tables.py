"""The arena's tables in Markdown."""

from __future__ import annotations

from statistics import fmean, stdev
from typing import TYPE_CHECKING

from benchmarks.arena.learners import LEARNERS, RETAIND
from benchmarks.arena.standing import complete, mean_ranks, standings, verdict
from benchmarks.arena.streams import STREAMS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from benchmarks.arena.standing import Outcomes, Standing
    from benchmarks.literature.outcome import Outcome

NOTE = (
    "Score on arrival (test, then train), in points of a hundred: accuracy, or R² where the label is a number (*)."
    " Mean ± standard deviation over seeds, where anything is drawn. Bold: the best. Everybody gets each label at"
    " once, before the next row, on ett-24 too, where it would be known 24 rows later."
)
MAIN = f"{RETAIND}, main learner alone"
DETAILS = {
    "score": "score",
    "kappa": "kappa",
    "log_loss": "log loss",
    "mae": "MAE",
    "final_accuracy": "kept at the end, %",
    "forgetting": "forgetting",
    "events_per_second": "events/s",
}
DETAILS_NOTE = (
    "kappa is against no-change (0: no better than the last label). The log loss is in nats, of probabilities that"
    " count as at least .001. What is kept at the end is the mean accuracy on the held-out fifths of all tasks, and"
    f" forgetting is in points; those of {RETAIND} are its main learner's. Events per second of one core's time."
)
FORMATS = {"kappa": (1, 3), "log_loss": (1, 3), "mae": (1, 3), "events_per_second": (1, 0)}
"""Figure → the factor that it is printed with, and its decimal places; all others are in points of a hundred."""
ERRORS = {"score": "score", "main_score": "main_score", "mae": "score"}
"""Figure → the one that tells whether it means anything."""
DIVERGED = -1.0
"""An R² below it says that a model diverged, and no more."""


def score_table(outcomes: Outcomes, *, command: str) -> str:
    """Return the streams as rows and the learners as columns, with the mean ranks and the verdict."""
    names = [name for name in LEARNERS if any(name in of for of in outcomes.values())]
    columns = ["stream", *(part for name in names for part in ([name, MAIN] if name == RETAIND else [name]))]
    lines = [_line(columns), _line(["---", *["---:"] * (len(columns) - 1)])]
    standing = standings(outcomes)
    for stream, of in outcomes.items():
        lines.append(_line(_scores(stream, of, names=names, best=_best(standing[stream]))))
    ranks = mean_ranks(standing)
    ranked, every = len(complete(standing)), len(standing)
    where = (
        "mean rank" if ranked == every else f"mean rank on the {ranked} of {every} streams where nobody is missing"
    )
    lines.append(_line([where, *_ranks(ranks, names)]))
    told = [line for line in (verdict(standing), *_absent()) if line]
    return "\n".join([f"`{command}`\n", NOTE + "\n", *lines, "", *told]) + "\n"


def detail_table(outcomes: Outcomes) -> str:
    """Return all figures, a row for each learner on each stream."""
    columns = ["stream", "learner", *DETAILS.values()]
    lines = [_line(columns), _line(["---", "---", *["---:"] * len(DETAILS)])]
    for stream, of in outcomes.items():
        for name, runs in of.items():
            lines.append(_line([stream, name, *(cell(figure, runs) for figure in DETAILS)]))
    return "\n".join([DETAILS_NOTE + "\n", *lines]) + "\n"


def cell(figure: str, runs: Sequence[Outcome]) -> str:
    """Return a figure's mean and spread as they are printed; nothing where there is none."""
    known = [value for run in runs if (value := run.figures.get(figure)) is not None]
    if not known:
        return ""
    if figure in ERRORS and min(run.figures.get(ERRORS[figure]) or 0 for run in runs) < DIVERGED:
        return "diverged"
    factor, places = FORMATS.get(figure, (100, 2))
    spread = f" ± {factor * stdev(known):,.{places}f}" if len(known) > 1 and places else ""
    return f"{factor * fmean(known):,.{places}f}{spread}"


def _best(standing: Standing) -> str | None:
    return max(standing.scores, key=lambda name: standing.scores[name], default=None)


def _scores(
    stream: str, of: Mapping[str, Sequence[Outcome]], *, names: Iterable[str], best: str | None
) -> Iterator[str]:
    yield f"{stream}*" if not STREAMS[stream].classes else stream
    for name in names:
        shown = cell("score", of.get(name, []))
        yield f"**{shown}**" if name == best else shown
        if name == RETAIND:
            yield cell("main_score", of.get(name, []))


def _ranks(ranks: Mapping[str, float], names: Iterable[str]) -> Iterator[str]:
    best = min(ranks.values(), default=None)
    for name in names:
        shown = f"{ranks[name]:.1f}" if name in ranks else ""
        yield f"**{shown}**" if shown and ranks[name] == best else shown
        if name == RETAIND:
            yield ""


def _absent() -> Iterator[str]:
    for name, learner in LEARNERS.items():
        if missing := learner.missing:
            yield f"\n{name}: {' and '.join(missing)} not installed."


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
