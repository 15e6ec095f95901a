"""What was learned when, for pictures of it; without the library that draws, which takes a second to load."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the stream in which one task was learned."""

    task: int
    start: int
    stop: int
