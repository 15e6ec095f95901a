"""The run history until one moment."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from daemon.telemetry.history.saved import (
    SavedCurve,
    SavedHistory,
    SavedNote,
    SavedSamples,
    SavedStretches,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.scoring.evaluation import Evaluation
    from daemon.telemetry.history.curve import Point
    from daemon.telemetry.history.flow import Sample, Stretch
    from daemon.telemetry.history.notes import Note
    from daemon.telemetry.history.saved import SavedMemory


@dataclass(frozen=True, slots=True)
class Moment:
    """Values that never change, to be made into JSON on any thread without holding up the loop."""

    tasks: Mapping[int, str]
    newest_event: float | None
    learners: Mapping[str, tuple[tuple[Point, ...], tuple[Evaluation, ...]]]
    """By name: the curve, and the rows of the matrix."""
    samples: tuple[Sample, ...]
    stretches: tuple[Stretch, ...]
    notes: tuple[Note, ...]
    """Newest first."""
    width: int
    """Tasks that there can be."""
    rejected: Mapping[str, int]
    """How many records could not be learned from, by ``stage/reason``."""
    memory: Mapping[str, SavedMemory]
    """What the main learner's strategies held, by their name."""
    targets: Mapping[str, Moment] = field(default_factory=dict)
    """Of each of several targets, by name: its tasks and learners, and what its strategies held."""

    def json(self) -> str:
        """Return it as it is kept with a checkpoint: see ``SavedHistory``."""
        return self.saved().model_dump_json()

    def saved(self) -> SavedHistory:
        """Return it as it is kept with a checkpoint."""
        codes, samples, stretches = sorted(self.tasks), self.samples, self.stretches
        return SavedHistory(
            width=self.width,
            codes=codes,
            curves={name: SavedCurve.of(points, codes) for name, (points, _) in self.learners.items()},
            samples=SavedSamples(
                at=[each.at for each in samples],
                rate=[each.events_per_second for each in samples],
                lag=[each.lag for each in samples],
            ),
            stretches=SavedStretches(
                start=[each.start for each in stretches],
                stop=[each.stop for each in stretches],
                seconds=[each.seconds for each in stretches],
                events=[each.events for each in stretches],
                lag=[each.lag for each in stretches],
            ),
            notes=[
                # A name from the stream may hold half of a character, which UTF-8 has no form for.
                SavedNote(
                    kind=note.kind, at=note.at, text=note.text.encode(errors="replace").decode(), count=note.count
                )
                for note in reversed(self.notes)
            ],
            memory=dict(self.memory),
            rejected=dict(self.rejected),
            targets={target: of.saved() for target, of in self.targets.items()},
        )
