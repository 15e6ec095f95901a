"""What was measured in one run."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict


class Outcome(BaseModel):
    """The measurements of one run, as they are kept in the JSON file. Scores are shares, from 0 to 1."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    protocol: str
    setting: str
    seed: int
    validate_only: bool
    """Whether training data that was held back stood for the test data."""
    configuration: dict[str, Any]
    """What the pipeline was built from, as it would stand in a file."""
    digest: str
    """Of everything that the run depends on but the code; a run with another one is another run."""
    tasks: list[str]
    """In the order in which they were learned first: the columns of ``matrix``."""
    matrix: list[list[float | None]]
    """R[i][j]: the score on task j after the i-th end of a task; None before task j was learned."""
    final: list[float | None]
    """The score on each task at the end, on all that is held out."""
    course: list[tuple[int, float | None]]
    """Events, and the prequential accuracy of the window before, in about 200 places."""
    figures: dict[str, float | None]
    """By name: ``final_accuracy``, ``backward_transfer``, ``forgetting``, ``learning_accuracy``,
    ``prequential_accuracy``, ``no_change_accuracy``, ``memory_bytes``, ``seconds``, ``events_per_second``,
    ``next_task_accuracy`` where the stream shows its next task, and the protocol's own."""
    versions: dict[str, str]
    """Of retaind, Python and the libraries that computed it."""
