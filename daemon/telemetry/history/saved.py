"""The run history, which the page shows, as it is kept with a checkpoint."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from daemon.state.state_error import DamagedError, StateError
from daemon.telemetry.history.curve import DECIMALS, Point
from daemon.telemetry.history.flow import Sample, Stretch
from daemon.telemetry.history.notes import Note, is_kind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from daemon.state.checkpoints import CheckpointStore

_Count = Annotated[int, Field(ge=0)]
_Finite = Annotated[float, Field(allow_inf_nan=False)]


class _Columns(BaseModel):
    """Rows as columns; what a later version adds is left out."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class SavedCurve(_Columns):
    """The points of one learner's curve."""

    boundary: list[Annotated[int, Field(ge=-1)]]
    events: list[_Count]
    task: list[_Count]
    scores: list[list[_Finite | None]]
    """A row a point, a column a code of ``SavedHistory.codes``."""

    @classmethod
    def of(cls, points: Sequence[Point], codes: Sequence[int]) -> Self:
        """Return points as columns."""
        rows = [np.round(point.scores[list(codes)], DECIMALS).tolist() for point in points]
        return cls(
            boundary=[point.boundary for point in points],
            events=[point.events for point in points],
            task=[point.task for point in points],
            scores=[[None if score != score else score for score in row] for row in rows],  # noqa: PLR0124 - NaN
        )

    def points(self, codes: Sequence[int], *, width: int) -> tuple[Point, ...]:
        """Return the points; ``ValueError`` where the columns do not fit together."""
        scores = np.full((len(self.scores), width), np.nan)
        if codes:
            scores[:, list(codes)] = np.array(self.scores, dtype=np.float64).reshape(-1, len(codes))
        if not all(task < width for task in self.task) or sorted(self.events) != self.events:
            raise ValueError("a curve has a task that there cannot be, or goes backwards")
        columns = zip(self.boundary, self.task, self.events, scores, strict=True)
        return tuple(Point(boundary=b, task=j, events=e, scores=row) for b, j, e, row in columns)


class SavedSamples(_Columns):
    """Rate and lag of the last minutes."""

    at: list[_Finite]
    rate: list[_Finite | None]
    lag: list[int | None]


class SavedStretches(_Columns):
    """Rate and lag of the whole run."""

    start: list[_Finite]
    stop: list[_Finite]
    seconds: list[_Finite]
    events: list[_Count]
    lag: list[int | None]


class SavedNote(_Columns):
    """One event of note."""

    kind: str
    at: _Finite
    text: str
    count: int = Field(ge=1)


class SavedMemory(_Columns):
    """What one strategy held and told of itself."""

    rows: dict[str, _Count] | None
    """By the code of the task, as text; None where it has no buffer."""
    gauges: dict[str, _Finite | None]


class SavedHistory(_Columns):
    """The run history until a checkpoint."""

    format: Literal[1] = 1
    width: int = Field(ge=1)
    """Tasks that there can be; a code is below it."""
    codes: list[_Count]
    """Those tasks of which ``curves`` have scores."""
    curves: dict[str, SavedCurve]
    """By the learner's name."""
    samples: SavedSamples
    stretches: SavedStretches
    notes: list[SavedNote]
    memory: dict[str, SavedMemory]
    """By the strategy's name: of the main learner."""
    rejected: dict[str, _Count] = {}
    """How many records could not be learned from, by ``stage/reason``; in states of before 0.2, none."""
    targets: dict[str, SavedHistory] = {}
    """Of each of several targets, by name: its curves, and what its strategies held."""

    def points(self) -> dict[str, tuple[Point, ...]]:
        """Return the curves by the learner's name."""
        return {name: curve.points(self.codes, width=self.width) for name, curve in self.curves.items()}

    def flow(self) -> list[Sample]:
        """Return the samples, oldest first."""
        columns = zip(self.samples.at, self.samples.rate, self.samples.lag, strict=True)
        return [Sample(at=at, events_per_second=rate, lag=lag) for at, rate, lag in columns]

    def course(self) -> list[Stretch]:
        """Return the stretches, oldest first."""
        of = self.stretches
        columns = zip(of.start, of.stop, of.seconds, of.events, of.lag, strict=True)
        return [Stretch(start=a, stop=b, seconds=s, events=e, lag=lag) for a, b, s, e, lag in columns]

    def noted(self) -> list[Note]:
        """Return the events of note, as they were kept; those of a kind that is not known are left out."""
        return [Note(each.kind, each.at, each.text, each.count) for each in self.notes if is_kind(each.kind)]

    def of_target(self, target: str) -> Self:
        """Return the same as the history of one of its targets; itself where it has none of that name."""
        of = self.targets.get(target)
        if of is None:
            return self
        own = {name: getattr(of, name) for name in ("width", "codes", "curves", "memory")}
        return self.model_copy(update=own | {"targets": {}})

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return the same with other names of learners."""
        curves = {names.get(name, name): of for name, of in self.curves.items()}
        targets = {target: of.renamed(names) for target, of in self.targets.items()}
        return self.model_copy(update={"curves": curves, "targets": targets})


def read_history(store: CheckpointStore, generation: int) -> SavedHistory | None:
    """Return the run history until a generation; None where nothing was written.

    Raises ``StateError`` where it cannot be used: the state is none the worse for it.
    """
    document = store.history(generation)
    if document is None:
        return None
    try:
        history = SavedHistory.model_validate(document)
        for each in (history, *history.targets.values()):
            each.points(), each.flow(), each.course()
    except (ValueError, IndexError) as error:
        raise DamagedError(f"{store.history_path(generation)} {_reason(error)}") from error
    return history


def _reason(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"is not a history of this version: {'.'.join(map(str, first['loc']))}: {first['msg']}"
    return f"is not a history of this version: {error}"


def history_text(store: CheckpointStore, generation: int) -> str | None:
    """Return the history of a generation as it is kept with another one; None where there is none to be read."""
    try:
        history = read_history(store, generation)
    except StateError:
        return None
    return None if history is None else history.model_dump_json()
