"""The file that keeps the outcome of every finished run."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmarks.literature.outcome import Outcome
from daemon.state.durable import sync_directory

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.literature.run import Run


class ResultsError(Exception):
    """The file cannot be read or written; the message says what to do."""


class _Content(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal[1] = 1
    runs: list[Outcome] = []


class Results:
    """Finished runs in a JSON file, in which each is at once, whole, or not at all.

    The file is read anew before every addition, so that several commands can take turns with it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._content()

    def all(self) -> list[Outcome]:
        """Return every outcome in the file, in its order."""
        return self._content().runs

    def some(self) -> list[Outcome]:
        """Return the same; raise ``ResultsError`` where there is none."""
        if outcomes := self.all():
            return outcomes
        raise ResultsError(f"there are no results in {self.path}; a benchmark puts them there (--json)")

    def finished(self, run: Run) -> Outcome | None:
        """Return the outcome of exactly this run, None where it is still to be made."""
        return next((one for one in self._content().runs if _is(one, run) and one.digest == run.digest), None)

    def add(self, run: Run, outcome: Outcome) -> None:
        """Keep the outcome, in the place of one that the same run had with another configuration."""
        others = [one for one in self._content().runs if not _is(one, run)]
        runs = sorted([*others, outcome], key=lambda one: (one.protocol, one.setting, one.seed, one.validate_only))
        self._write(_Content(runs=runs).model_dump_json(indent=1).encode())

    def _content(self) -> _Content:
        try:
            return _Content.model_validate_json(self.path.read_bytes())
        except FileNotFoundError:
            return _Content()
        except OSError as error:
            raise ResultsError(
                f"{self.path} cannot be read: {error.strerror}; name another file with --json"
            ) from error
        except ValidationError as error:
            raise ResultsError(
                f"{self.path} is not a file of benchmark results, and is left alone; name another one with --json"
            ) from error

    def _write(self, content: bytes) -> None:
        beside = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            beside.replace(self.path)
            sync_directory(self.path.parent)
        except OSError as error:
            raise ResultsError(f"{self.path} cannot be written: {error.strerror}") from error


def _is(outcome: Outcome, run: Run) -> bool:
    """Tell whether an outcome is of this run, with whatever configuration."""
    same = outcome.protocol == run.protocol and outcome.setting == run.setting and outcome.seed == run.seed
    return same and outcome.validate_only == run.validate
