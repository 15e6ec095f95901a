"""Generations of the state on disk: written whole or not at all, verified when read."""

from __future__ import annotations

import json
import re
import shutil
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.state.durable import make_directory, sync_directory, write_file
from daemon.state.generation import SavedState, read_generation, verify_generation, write_generation
from daemon.state.history_file import history_path, read_history_file, verify_history
from daemon.state.state_error import DamagedError, StateError, state_io
from daemon.state.state_tree import FlatState, flatten
from daemon.state.store_path import store_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from daemon.state.manifest import Manifest

_NUMBER = re.compile(r"\d{12}", re.ASCII)
# Empty files in a generation's directory:
_COMMITTED, _WITHDRAWN, _DAMAGED, _INSIDE = "committed", "withdrawn", "damaged", "inside_budget"
_TEMPORARY = "."  # begins the name of all that an interrupted process may leave behind


@dataclass(frozen=True, slots=True)
class Damage:
    """A generation that could not be used."""

    generation: int
    problem: str
    """Names the file and what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What a process starts from."""

    saved: SavedState
    rolled_back: bool
    """The consumer group may have committed positions beyond this state, which are to be ignored.

    True after a rollback or a fallback, until ``CheckpointStore.mark_committed``: otherwise the events between
    this state and those positions would never be learned.
    """
    committed: bool
    """Its positions were committed, as far as is known here; see ``CheckpointStore.mark_committed``."""
    damaged: tuple[Damage, ...]
    """Newer generations that were passed over, newest first."""


@dataclass(frozen=True, slots=True)
class Entry:
    """What is found in the place of one generation."""

    generation: int
    manifest: Manifest | None
    problem: str | None
    """None where every checksum is right; else there is no manifest."""
    damaged: bool = False
    """Whether that is what is wrong with it; else it may not be read, or is of a later release."""


class CheckpointStore:
    """The checkpoints below a state directory, which one process at a time may change (see ``StateLock``).

    ``DIRECTORY/checkpoints/<generation>/`` holds ``state.safetensors``, ``manifest.json`` and, where there was
    anything to tell, ``history.json``; the numbers grow and none is used twice. A failure of the file system
    raises ``StateError`` and leaves earlier generations as they were.
    """

    def __init__(self, directory: Path, *, keep: int, clock: Callable[[], float] = time.time) -> None:
        assert keep >= 1
        self.directory = store_path(directory)
        self.discarded = self.directory / "discarded"
        self._marker = self.directory / "rolled_back.json"
        self.keep = keep
        self._clock = clock
        self._damaged: frozenset[int] = frozenset()
        self._fell_back = False

    @property
    def rolled_back(self) -> bool:
        """Whether the group's positions may be of a future that was abandoned; see ``Recovered.rolled_back``."""
        return self._fell_back or self._marker.exists()

    def prepare(self) -> None:
        """Make the directory and remove what an interrupted write left; at start, so that errors show early."""
        with state_io(self.directory, "write"):
            make_directory(self.directory)
            for entry in self.directory.iterdir():
                if entry.name.startswith(_TEMPORARY):
                    _remove(entry)

    def generations(self) -> list[int]:
        """Return the numbers of all generations, oldest first, without looking into them."""
        with state_io(self.directory, "read"):
            return _numbers(self.directory)

    def path(self, generation: int) -> Path:
        """Return the directory of a generation."""
        return self.directory / f"{generation:012d}"

    def entries(self) -> list[Entry]:
        """Verify every generation and return them, oldest first."""
        entries = [self._entry(generation) for generation in self.generations()]
        # A running daemon may have removed one meanwhile.
        return [entry for entry in entries if entry.manifest or self.path(entry.generation).exists()]

    def verify(self, generation: int) -> Manifest:
        """Return a generation's manifest where every checksum is right; else raise ``DamagedError``."""
        return verify_generation(self._existing(generation), generation)

    def newest(self) -> int:
        """Return the number of the newest generation, good or not; raise ``StateError`` where there is none."""
        generations = self.generations()
        if not generations:
            raise StateError(f"there are no checkpoints in {self.directory}")
        return generations[-1]

    def require_newest(self) -> Recovered:
        """Do as ``load_newest``; raise ``StateError`` where there is none at all, too."""
        recovered = self.load_newest()
        if recovered is None:
            raise StateError(f"there are no checkpoints in {self.directory}")
        return recovered

    def load(self, generation: int) -> SavedState:
        """Return a generation; ``DamagedError`` where it is not what was written, ``StateError`` if unreadable."""
        return read_generation(self._existing(generation), generation)

    def load_newest(self) -> Recovered | None:
        """Return the newest good generation, or None where there is none at all.

        Raises ``StateError`` where all are damaged, and where one may not be read or is of a later format: to pass
        it over would lose what it has learned.
        """
        damaged: list[Damage] = []
        for generation in reversed(self.generations()):
            try:
                newest = read_generation(self.path(generation), generation)
            except DamagedError as error:
                damaged.append(Damage(generation, str(error)))
            else:
                return self._found(newest, damaged)
        if damaged:
            raise StateError(
                f"no checkpoint in {self.directory} can be used: {'; '.join(item.problem for item in damaged)}; "
                "restore one from a backup, or move the directory away to begin anew"
            )
        return None

    def history_path(self, generation: int) -> Path:
        """Return the file of a generation's history."""
        return history_path(self.path(generation))

    def history(self, generation: int) -> dict[str, Any] | None:
        """Return the run history until a generation, None where there is nothing.

        Raises ``StateError`` where it cannot be read, which says nothing about the state.
        """
        return read_history_file(self._existing(generation))

    def verify_history(self, manifest: Manifest) -> None:
        """Raise ``DamagedError`` where the run history of a whole generation is missing or damaged."""
        verify_history(self._existing(manifest.generation), manifest)

    def write(
        self, state: Mapping[str, Any] | FlatState, summary: Mapping[str, Any], *, history: str | None = None
    ) -> int:
        """Make a state durable, remove the oldest generations beyond ``keep``, and return the new number.

        ``summary`` is what ``retaind checkpoint list`` shows, such as counts of steps and events: JSON values.
        ``history`` is the run history so far, a JSON object as text.
        """
        flat = state if isinstance(state, FlatState) else flatten(state)
        self.prepare()
        with state_io(self.directory, "write"):
            if self._fell_back:
                self._mark_rolled_back(reason="damage", generation=max(self._damaged), moved=[])
            generation = self._next_number()
            with self._temporary(generation) as directory:
                created = self._clock()
                write_generation(
                    directory,
                    flat,
                    generation=generation,
                    created=created,
                    summary=summary,
                    history=history,
                )
                directory.rename(self.path(generation))
            sync_directory(self.directory)
            self._mark_damaged()
            self._prune()
        return generation

    def rollback(self, to_generation: int) -> list[int]:
        """Make an older generation the newest one, and return those moved to ``checkpoints/discarded``.

        The stream is then read again from that generation's positions, as far as Kafka still has them: see
        ``Recovered.rolled_back``. Raises ``DamagedError`` where that generation is damaged itself.
        """
        self.verify(to_generation)
        newer = [generation for generation in self.generations() if generation > to_generation]
        if newer:
            with state_io(self.directory, "write"):
                # First, so that an interrupted rollback at worst ignores the group without need.
                moved = [*newer, *self._moved_aside()]
                self._mark_rolled_back(reason="rollback", generation=to_generation, moved=moved)
        return self._discard(newer)

    def undo_rollback(self) -> list[int]:
        """Put back what was moved aside by the last rollback, and by those before it that nobody went on from.

        Returns it. Raises ``StateError`` where there is nothing to undo.
        """
        moved = self._moved_aside()
        if not moved:
            raise StateError(
                f"there is no rollback to undo in {self.directory}: none was made, or a daemon has gone on from it"
            )
        with state_io(self.directory, "write"):
            for generation in moved:  # the oldest first: where this is interrupted, it can be done again
                if self._aside(generation).is_dir():
                    self._aside(generation).rename(self.path(generation))
            sync_directory(self.directory)
            sync_directory(self.discarded)
            self._marker.unlink()
            sync_directory(self.directory)
        return moved

    def _moved_aside(self) -> list[int]:
        """Return what rollbacks have moved since a daemon last went on from a generation, oldest first."""
        with state_io(self._marker, "read"):
            text = self._marker.read_bytes() if self._marker.exists() else b"{}"
        with suppress(ValueError, KeyError):
            note = json.loads(text)
            moved: list[int] = note["moved"]
            there = {*self.generations(), *_numbers(self.discarded)}
            if there.issuperset(moved) and max(self.generations(), default=0) in {note["generation"], *moved}:
                return moved
        return []

    def withdraw_newest(self) -> int:
        """Move the newest generation aside, because what it has learned is others' to learn; return its number.

        Raises ``StateError`` where there is no other to go on from.
        """
        generations = self.generations()
        if len(generations) < 2:  # noqa: PLR2004 - the newest, and one to go back to
            raise StateError(
                f"other members of the group have learned what the only checkpoint in {self.directory} holds: "
                "move the directory away to begin anew"
            )
        self._discard(generations[-1:])
        self._keep_one_withdrawn(generations[-1])
        return generations[-1]

    def remove_all_but(self, generation: int) -> list[int]:
        """Remove every other generation, those moved aside among them; return their numbers."""
        with state_io(self.directory, "write"):
            others = [each for each in _numbers(self.directory) if each != generation]
            aside = _numbers(self.discarded)
            for path in (*map(self.path, others), *map(self._aside, aside)):
                # Renamed first: removed by halves, it would look damaged.
                shutil.rmtree(path.rename(self.directory / f"{_TEMPORARY}removed-{path.name}"))
            sync_directory(self.directory)
            if aside:
                sync_directory(self.discarded)
        return sorted({*others, *aside})

    def commit_as(self, generation: int, *, like: int) -> None:
        """Note that the positions of a generation are committed, where those of another are, which are the same."""
        with suppress(OSError):
            if (self.path(like) / _COMMITTED).exists():
                (self.path(generation) / _COMMITTED).touch()

    def mark_committed(self, generation: int) -> None:
        """Note that the positions of a generation are committed: ends ``rolled_back``.

        Where a full disk or a power failure takes the note, the group itself is asked again.
        """
        with suppress(OSError):
            (self.path(generation) / _COMMITTED).touch()
        self._fell_back = False
        with state_io(self._marker, "remove"):
            if self._marker.exists():
                self._marker.unlink()
                sync_directory(self.directory)

    def mark_inside(self, generation: int) -> None:
        """Note that a generation was inside the retention budget; the newest that was is kept."""
        with suppress(OSError):
            (self.path(generation) / _INSIDE).touch()

    def newest_inside(self) -> SavedState | None:
        """Return the newest generation that was inside the retention budget and is whole; None where none is."""
        for generation in reversed(self.generations()):
            if (self.path(generation) / _INSIDE).exists():
                with suppress(DamagedError):
                    return read_generation(self.path(generation), generation)
        return None

    def write_return(
        self,
        state: Mapping[str, Any],
        summary: Mapping[str, Any],
        *,
        returning_to: int,
        history: str | None = None,
    ) -> int:
        """Make what an earlier generation is to go on as the newest one, as ``write`` does; return its number.

        Positions that were committed since are ignored from now on: see ``Recovered.rolled_back``.
        """
        with state_io(self.directory, "write"):
            self._mark_rolled_back(reason="budget", generation=returning_to, moved=[])
        return self.write(state, summary, history=history)

    def _discard(self, generations: list[int]) -> list[int]:
        """Move these aside, the newest first, and return them."""
        with state_io(self.directory, "write"):
            if generations:
                make_directory(self.discarded)
            for generation in reversed(generations):
                self.path(generation).rename(self._aside(generation))
            if generations:
                sync_directory(self.discarded)
            sync_directory(self.directory)
        return generations

    def _aside(self, generation: int) -> Path:
        return self.discarded / f"{generation:012d}"

    def _keep_one_withdrawn(self, withdrawn: int) -> None:
        """Remove what was withdrawn before this one, which stays for its number."""
        with state_io(self.discarded, "write"):
            newest = self._aside(withdrawn)
            (newest / _WITHDRAWN).touch()
            for marked in self.discarded.glob(f"*/{_WITHDRAWN}"):
                if marked.parent != newest:
                    shutil.rmtree(marked.parent)

    def _newest_committed(self, generations: list[int]) -> int | None:
        return self._newest_with(_COMMITTED, generations)

    def _newest_with(self, mark: str, generations: list[int]) -> int | None:
        return next((each for each in reversed(generations) if (self.path(each) / mark).exists()), None)

    def _existing(self, generation: int) -> Path:
        known = self.generations()
        if generation not in known:
            choice = ", ".join(map(str, known)) or "none"
            raise StateError(f"there is no generation {generation} in {self.directory}; there are: {choice}")
        return self.path(generation)

    def _entry(self, generation: int) -> Entry:
        try:
            return Entry(generation, verify_generation(self.path(generation), generation), None)
        except StateError as error:
            return Entry(generation, None, str(error), damaged=isinstance(error, DamagedError))

    def _found(self, newest: SavedState, damaged: list[Damage]) -> Recovered:
        self._damaged = frozenset(item.generation for item in damaged)
        self._fell_back = bool(damaged)
        return Recovered(
            saved=newest,
            rolled_back=self.rolled_back,
            committed=self._newest_committed([newest.generation]) is not None,
            damaged=tuple(damaged),
        )

    def _next_number(self) -> int:
        return max([0, *_numbers(self.directory), *_numbers(self.discarded)]) + 1

    @contextmanager
    def _temporary(self, generation: int) -> Iterator[Path]:
        directory = self.directory / f"{_TEMPORARY}writing-{generation:012d}"
        directory.mkdir()
        try:
            yield directory
        except BaseException:
            shutil.rmtree(directory, ignore_errors=True)
            raise

    def _prune(self) -> None:
        """Remove what is older than the newest ``keep``, among which the damaged do not count.

        The newest whose positions were committed stays, to be gone back to if what came after is refused; so does
        the newest inside the retention budget.
        """
        generations = _numbers(self.directory)
        good = [generation for generation in generations if not (self.path(generation) / _DAMAGED).exists()]
        needed = {self._newest_committed(generations), self._newest_with(_INSIDE, generations)}
        for generation in generations[: generations.index(good[-self.keep :][0])]:
            if generation in needed:
                continue
            # Renamed first: removed by halves, it would look damaged.
            doomed = self.path(generation).rename(self.directory / f"{_TEMPORARY}removed-{generation:012d}")
            shutil.rmtree(doomed)

    def _mark_damaged(self) -> None:
        """Let later processes know, too: they read the newest generation, and not these."""
        for generation in self._damaged:
            if (path := self.path(generation)).is_dir():
                (path / _DAMAGED).touch()

    def _mark_rolled_back(self, *, reason: str, generation: int, moved: list[int]) -> None:
        note = {
            "rolled_back": True,
            "reason": reason,
            "generation": generation,
            "moved": moved,
            "time": self._clock(),
        }
        temporary = self.directory / f"{_TEMPORARY}{self._marker.name}"
        temporary.unlink(missing_ok=True)
        write_file(temporary, [json.dumps(note).encode()])
        temporary.rename(self._marker)
        sync_directory(self.directory)


def _numbers(directory: Path) -> list[int]:
    if not directory.is_dir():
        return []
    return sorted(int(entry.name) for entry in directory.iterdir() if _NUMBER.fullmatch(entry.name))


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink()
