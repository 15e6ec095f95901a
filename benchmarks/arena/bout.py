"""One run of the arena: a learner on a stream."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from benchmarks.arena.course import run_reference
from benchmarks.arena.figures import figures
from benchmarks.arena.learners import LEARNERS
from benchmarks.arena.streams import STREAMS
from benchmarks.arena.untouched import default, run_untouched
from benchmarks.literature.configuration import digest
from benchmarks.literature.outcome import Outcome
from benchmarks.literature.run import Run
from daemon.config.effective import effective

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Bout(Run):
    """Which run: the protocol is the stream, the setting the learner, and ``rows`` are taken at most."""

    rows: int = 0

    @classmethod
    def of(cls, stream: str, learner: str, *, seed: int, rows: int) -> Bout:
        """Return that of a learner on the first ``rows`` rows of a stream."""
        return cls(f"arena/{stream}/{rows}", learner, seed, rows=rows)

    @property
    def stream(self) -> str:
        """The name of its stream."""
        return self.protocol.split("/")[1]

    @property
    def configuration(self) -> dict[str, Any]:
        """What it depends on but the code and the data: of the daemon, all of it, with every default."""
        chosen = {"rows": self.rows, "seed": self.seed}
        if LEARNERS[self.setting].make is not None:
            return chosen
        return chosen | effective(default(classes=STREAMS[self.stream].classes, seed=self.seed))

    @property
    def digest(self) -> str:
        """By which a finished run is found again."""
        return digest(
            protocol=self.protocol, configuration=self.configuration, peer=self.setting, validate=self.validate
        )

    def __str__(self) -> str:
        return f"{self.stream} {self.setting}, seed {self.seed}"


def takes_part(stream: str, learner: str) -> bool:
    """Tell whether the learner is installed, and learns such labels."""
    known = LEARNERS[learner]
    return known.installed and (known.numbers or bool(STREAMS[stream].classes))


def draws(stream: str, learner: str) -> bool:
    """Tell whether another seed would make another run."""
    return STREAMS[stream].read_drawn is not None or LEARNERS[learner].draws


def carry_out(
    bout: Bout,
    *,
    data: Path,
    watch: Callable[[int, int], None] = lambda _done, _all: None,
    clock: Callable[[], float] = time.process_time,
) -> Outcome:
    """Learn the stream from its start to its end and measure.

    ``watch`` is told the rows learned so far, and all there are; it may raise. Time is the processor's, so that a
    machine that does other things too makes nobody slow. Raises ``DataFileError``, and
    ``ModuleNotFoundError`` where the learner is not installed.
    """
    table = STREAMS[bout.stream].read(data, seed=bout.seed, limit=bout.rows)
    make = LEARNERS[bout.setting].make
    if make is None:
        course = run_untouched(table, seed=bout.seed, watch=watch, clock=clock)
    else:
        course = run_reference(make(table, seed=bout.seed), table, watch=watch, clock=clock)
    matrix = course.retention.matrix() if table.tasks else []
    libraries = {"retaind", "torch", "numpy"} | ({LEARNERS[bout.setting].library} - {"daemon"})
    return Outcome(
        protocol=bout.protocol,
        setting=bout.setting,
        seed=bout.seed,
        validate_only=False,
        configuration=bout.configuration,
        digest=bout.digest,
        tasks=[task.name for task in table.tasks],
        matrix=matrix,
        final=matrix[-1] if matrix else [],
        course=[],
        figures=figures(course, table),
        versions={"python": platform.python_version(), **{name: version(name) for name in sorted(libraries)}},
    )
