"""A benchmark from start to stop: what is not finished yet is run, and all of it shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.configuration import validated
from benchmarks.literature.markdown_table import markdown_table
from benchmarks.literature.pictures import write_pictures
from benchmarks.literature.progress import progress_on
from benchmarks.literature.run import Run
from benchmarks.literature.workers import carry_out_all

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from rich.console import Console

    from benchmarks.literature.outcome import Outcome
    from benchmarks.literature.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which runs, of what data, and how many at once."""

    protocol: str
    settings: tuple[str, ...]
    seeds: int
    validate: bool
    data: Path
    jobs: int
    command: str
    """What prints the same table again."""

    def runs(self) -> list[Run]:
        """Return all runs, seed after seed, so that every setting has figures early."""
        return [
            Run(self.protocol, setting, seed, validate=self.validate)
            for seed in range(self.seeds)
            for setting in self.settings
        ]


def show(
    choice: Choice, *, results: Results, output: Path, console: Console, notes: Console, stop: Callable[[], bool]
) -> bool:
    """Carry out what is not finished, then print the table and write it and the pictures; tell whether all is done.

    Returns early where ``stop`` says so; what is finished is kept. Progress goes to ``notes``. Raises
    ``ConfigError``, ``DataFileError`` and ``ResultsError``.
    """
    runs = choice.runs()
    missing = [run for run in runs if results.finished(run) is None]
    if len(missing) < len(runs):
        notes.print(
            f"{len(runs) - len(missing)} of {len(runs)} runs are finished already in {results.path}", soft_wrap=True
        )
    _carry_out(missing, choice, results=results, notes=notes, stop=stop)
    outcomes = _by_setting(choice, results)
    if outcomes:
        _print(choice, outcomes, results=results, output=output, console=console, notes=notes)
    finished = sum(map(len, outcomes.values()))
    if finished < len(runs):
        notes.print(
            f"Stopped: {finished} of {len(runs)} runs are in {results.path}; the same command goes on",
            soft_wrap=True,
        )
    return finished == len(runs)


def _carry_out(
    runs: Sequence[Run], choice: Choice, *, results: Results, notes: Console, stop: Callable[[], bool]
) -> None:
    if not runs:
        return
    for run in runs:
        validated(run.configuration, name=f"{run.protocol}/{run.setting}")
    # What is missing is said now, and not by a process that takes seconds to begin.
    PROTOCOLS[choice.protocol]().stream(choice.data, seed=0, validate=choice.validate)
    with progress_on(notes, runs=len(runs)) as display:
        made = carry_out_all(runs, data=choice.data, jobs=choice.jobs, watch=display.moved, stop=stop)
        for run, outcome in made:
            results.add(run, outcome)
            display.finished(run, outcome)


def _by_setting(choice: Choice, results: Results) -> dict[str, list[Outcome]]:
    """Return the finished outcomes of each setting that has any, in the protocol's order."""
    found: dict[str, list[Outcome]] = {}
    for setting in choice.settings:
        runs = [run for run in choice.runs() if run.setting == setting]
        outcomes = [outcome for run in runs if (outcome := results.finished(run)) is not None]
        if outcomes:
            found[setting] = outcomes
    return found


def _print(
    choice: Choice,
    outcomes: dict[str, list[Outcome]],
    *,
    results: Results,
    output: Path,
    console: Console,
    notes: Console,
) -> None:
    protocol = PROTOCOLS[choice.protocol]
    table = markdown_table(protocol, outcomes, command=choice.command, validate=choice.validate)
    beside = results.path.with_suffix(".md")
    beside.write_text(table, encoding="utf-8")
    console.print(table, soft_wrap=True, end="")
    pictures = write_pictures(choice.protocol, protocol, outcomes, folder=output)
    for path in (results.path, beside, *pictures):
        notes.print(str(path), soft_wrap=True)
