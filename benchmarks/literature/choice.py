"""The runs that somebody wants of a protocol, and those of them that are still to be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.configuration import validated
from benchmarks.literature.progress import progress_on
from benchmarks.literature.run import Run
from benchmarks.literature.workers import carry_out_all

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from benchmarks.literature.outcome import Outcome
    from benchmarks.literature.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which runs, and of what data."""

    protocol: str
    settings: tuple[str, ...]
    seeds: int
    validate: bool
    data: Path

    def runs(self) -> list[Run]:
        """Return all runs, seed after seed, so that every setting has figures early."""
        return [
            Run(self.protocol, setting, seed, validate=self.validate)
            for seed in range(self.seeds)
            for setting in self.settings
        ]

    def missing(self, results: Results) -> list[Run]:
        """Return the runs that are still to be made."""
        return [run for run in self.runs() if results.finished(run) is None]

    def outcomes(self, results: Results) -> dict[str, list[Outcome]]:
        """Return the finished outcomes of each setting that has any, in the protocol's order."""
        found: dict[str, list[Outcome]] = {}
        for setting in self.settings:
            runs = [run for run in self.runs() if run.setting == setting]
            outcomes = [outcome for run in runs if (outcome := results.finished(run)) is not None]
            if outcomes:
                found[setting] = outcomes
        return found


def carry_out_missing(
    choice: Choice, *, results: Results, jobs: int, notes: Console, stop: Callable[[], bool]
) -> None:
    """Carry out what is not finished, ``jobs`` runs at once, and keep each outcome in ``results`` as it comes.

    Returns early where ``stop`` says so; what is finished is kept. Progress goes to ``notes``. Raises
    ``ConfigError``, ``DataFileError`` and ``ResultsError``.
    """
    every, runs = len(choice.runs()), choice.missing(results)
    if len(runs) < every:
        notes.print(f"{every - len(runs)} of {every} runs are finished already in {results.path}", soft_wrap=True)
    if not runs:
        return
    for run in runs:
        validated(run.configuration, name=f"{run.protocol}/{run.setting}")
    # What is missing is said now, and not by a process that takes seconds to begin.
    PROTOCOLS[choice.protocol]().stream(choice.data, seed=0, validate=choice.validate)
    with progress_on(notes, runs=len(runs)) as display:
        for run, outcome in carry_out_all(runs, data=choice.data, jobs=jobs, watch=display.moved, stop=stop):
            results.add(run, outcome)
            display.finished(run, outcome)
