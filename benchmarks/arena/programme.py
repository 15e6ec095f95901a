"""The bouts that somebody wants, and those of them that are still to be fought."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.arena.bout import Bout, carry_out, draws, takes_part
from benchmarks.literature.progress import progress_on
from benchmarks.literature.run import StoppedError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from rich.console import Console

    from benchmarks.literature.outcome import Outcome
    from benchmarks.literature.results import Results


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """Which learners on which streams."""

    streams: tuple[str, ...]
    learners: tuple[str, ...]
    seeds: int
    rows: int
    """Of each stream, at most."""

    def bouts(self) -> list[Bout]:
        """Return all of them, the seeds one after another; one seed where nothing is drawn."""
        return [
            Bout.of(stream, learner, seed=seed, rows=self.rows)
            for seed in range(self.seeds)
            for stream in self.streams
            for learner in self.learners
            if takes_part(stream, learner) and (seed == 0 or draws(stream, learner))
        ]

    def missing(self, results: Results) -> list[Bout]:
        """Return the bouts that are still to be fought."""
        return [bout for bout in self.bouts() if results.finished(bout) is None]

    def outcomes(self, results: Results) -> dict[str, dict[str, list[Outcome]]]:
        """Return what is finished, a list of seeds by stream and learner; none that has nothing."""
        found: dict[str, dict[str, list[Outcome]]] = {}
        for bout in self.bouts():
            if (outcome := results.finished(bout)) is not None:
                found.setdefault(bout.stream, {}).setdefault(bout.setting, []).append(outcome)
        return {stream: found[stream] for stream in self.streams if stream in found}


def carry_out_missing(
    programme: Programme, *, data: Path, results: Results, notes: Console, stop: Callable[[], bool]
) -> None:
    """Carry out what is not finished, one after another, and keep each outcome in ``results`` as it comes.

    One at a time, so that all are as fast as each other's core lets them be; another process may carry out other
    ones into the same file. Returns early where ``stop`` says so. Raises ``DataFileError`` and ``ResultsError``.
    """
    every, bouts = len(programme.bouts()), programme.missing(results)
    if len(bouts) < every:
        notes.print(f"{every - len(bouts)} of {every} runs are finished already in {results.path}", soft_wrap=True)
    with progress_on(notes, runs=len(bouts)) as display:

        def watch(bout: Bout, done: int, rows: int) -> None:
            if stop():
                raise StoppedError
            display.moved(bout, done, rows)

        for bout in bouts:
            try:
                outcome = carry_out(bout, data=data, watch=partial(watch, bout))
            except StoppedError:
                return
            results.add(bout, outcome)
            display.finished(bout, outcome)
