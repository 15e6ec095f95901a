"""What a run writes as it goes: a line a simulated week, and a byte an event."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

Count = tuple[int, int]
"""Answers, and how many of them were right."""


class YearLogError(Exception):
    """The files cannot be gone on with; the message says what to do."""


class Setting(BaseModel):
    """Which run it is."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    variant: str
    events: int
    days: float
    seed: int
    configuration: dict[str, Any]
    """With every default."""


class Point(BaseModel):
    """How it stood at the end of a week; counts are those of the week."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    week: int
    day: float
    events: int
    """Since the beginning."""
    answers: Count
    on_arrival: dict[str, Count]
    """Of the main learner, its companions, and repeating the last label."""
    products: dict[str, Count]
    states: dict[str, Count]
    kept: dict[str, dict[str, float]]
    """Days ago and whose sensors → who answers → the accuracy on rows of that day that nobody has learned."""
    weights: dict[str, float]
    """Who is believed in the committee."""
    seconds: float
    """Of the processor, spent in the pipeline."""


class YearLog:
    """The files of a variant in a folder: ``NAME.jsonl``, whose first line is the setting, and ``NAME.hits``."""

    def __init__(self, folder: Path, variant: str) -> None:
        self._points = folder / f"{variant}.jsonl"
        self._hits = folder / f"{variant}.hits"

    @property
    def exists(self) -> bool:
        """Whether anything was written."""
        return self._points.exists()

    def begin(self, setting: Setting, *, events: int) -> list[Point]:
        """Go on after so many ``events``, dropping what was written later; return the points until then.

        Raises ``YearLogError`` where the files are of another run.
        """
        if events and self.exists:
            before, points = self.read()
            if before != setting:
                raise YearLogError(f"{self._points} is of another run; name another folder with --out")
        else:
            points = []
        kept = [point for point in points if point.events <= events]
        lines = (setting.model_dump_json(), *(point.model_dump_json() for point in kept))
        self._points.write_text("\n".join(lines) + "\n", encoding="utf-8")
        with self._hits.open("ab") as file:
            file.truncate(events)
        return kept

    def add(self, point: Point) -> None:
        """Write a point at once."""
        with self._points.open("a", encoding="utf-8") as file:
            file.write(point.model_dump_json() + "\n")

    def add_hits(self, right: NDArray[np.bool_]) -> None:
        """Write for each answer whether it was right."""
        with self._hits.open("ab") as file:
            file.write(right.astype(np.uint8).tobytes())

    def read(self) -> tuple[Setting, list[Point]]:
        """Return the setting and all points; raise ``YearLogError`` where they are no such file's."""
        try:
            first, *rest = self._points.read_text(encoding="utf-8").splitlines()
            setting = Setting.model_validate_json(first)
            return setting, [Point.model_validate_json(line) for line in rest]
        except (OSError, ValueError, ValidationError) as error:
            raise YearLogError(
                f"{self._points} cannot be read ({error}); name another folder with --out"
            ) from error

    def hits(self) -> NDArray[np.bool_]:
        """Return for each event so far whether the answer was right."""
        return np.fromfile(self._hits, dtype=np.uint8).astype(np.bool_)
