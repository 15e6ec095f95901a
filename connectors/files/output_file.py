"""A file of lines that is only ever appended to, and cut back to a checkpoint: each line is in it once."""

from __future__ import annotations

import logging
import os
import stat
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.files.appending import fsync, is_at, sync_directory, write_whole
from connectors.files.fingerprint import Fingerprint
from connectors.files.rotated import bring_back, number_of, remove_oldest, rotated, shift

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

log = logging.getLogger(__name__)

MOST_UNSYNCED_BYTES = 8 * 1024 * 1024
FLAGS = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK


class OutputFile:
    """Takes lines at any time; what the disk does not take is kept, and ``settle`` tries again.

    Its state says which file it is (path, inode, and a checksum of the bytes before its end) and how long it was.
    A file that is another one is never cut, nor is a copy of the right one, such as one from a backup. It is cut
    by the first ``append``, not before: a process that does not come so far has changed nothing.

    With ``max_bytes`` a file that would grow beyond becomes ``path.1``, what was that ``path.2``, and so on. Of
    these ``keep`` stay, and longer those that a process may have to go back to: the file that a state knows is
    found among them, what came after it goes, and it is the file again.
    """

    def __init__(
        self,
        path: str,
        *,
        what: str,
        max_bytes: int | None = None,
        keep: int = 5,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._what = what
        self._sleep = sleep
        self._max_bytes, self._keep = max_bytes, keep
        self._needed: int | None = None
        self._was: int | None = None
        self._state = self._unknown()
        self._descriptor: int | None = None
        self._known: Mapping[str, Any] | None = None
        self._unwritten: list[bytes] = []
        self._unsynced: list[bytes] = []
        self._unsynced_bytes = 0
        self._synced_size = 0
        self._cut_to: int | None = None
        self._goes_on = False
        self.trouble = ""
        """Why nothing can be written now, in a sentence; empty where it can."""

    @property
    def full(self) -> bool:
        """Whether something could not be written."""
        return bool(self.trouble)

    def append(self, lines: Iterable[bytes]) -> None:
        """Write lines, each given without its line end, or keep them where that is not possible now."""
        self._goes_on = True
        if data := b"".join(line + b"\n" for line in lines):
            self._unwritten.append(data)
        if self._unwritten or self._cut_to is not None:
            self._try(self._write)

    def settle(self, timeout_seconds: float) -> bool:
        """Return whether all lines survive a power failure; wait that long where they cannot be written."""
        if self._try(self._sync):
            return True
        self._sleep(timeout_seconds)
        return self._try(self._sync)

    def state_dict(self) -> dict[str, Any]:
        """Return which file it is, and its size in bytes, as of when all was settled."""
        return self._state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Drop what is not written yet, and cut the file back to that state before anything is written again.

        The state of a sink of another type says nothing about this file.
        """
        self._release()
        self._goes_on = False
        self._unwritten, self._unsynced, self._unsynced_bytes = [], [], 0
        self._known = state if "fingerprint" in state else None
        self._needed = state.get("inode")
        self._state = self._unknown()

    def saved(self, state: Mapping[str, Any]) -> None:
        """Take note that a durable checkpoint holds that state: earlier files are needed by nobody."""
        self._needed = state.get("inode")
        with suppress(OSError):  # it is tried again at the next rotation
            self._remove_oldest()

    def close(self) -> None:
        """Write what can be written, and close; may be called twice."""
        if (self._unwritten or self._unsynced) and not self._try(self._sync):
            log.warning("%s; what is not written is written again after a restart", self.trouble)
        self._release()

    def _try(self, step: Callable[[], None]) -> bool:
        try:
            step()
        except OSError as error:
            self.trouble = f"{self._what} cannot be written: {error}"
            return False
        self.trouble = ""
        return True

    def _write(self) -> None:
        self._write_unwritten(self._opened())
        if self._unsynced_bytes > MOST_UNSYNCED_BYTES:
            self._sync()

    def _write_unwritten(self, descriptor: int) -> None:
        if self._goes_on and self._cut_to is not None:
            if self._was is not None:
                bring_back(self._real, self._was)
                self._was = None
            os.ftruncate(descriptor, self._cut_to)
            self._cut_to = None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            self._write_to_pipe(descriptor)
        while self._unwritten:
            piece = self._fitting(descriptor, self._unwritten[0])
            if not piece:
                descriptor = self._rotate(descriptor)
                continue
            write_whole(descriptor, piece)
            self._unsynced_bytes += len(piece)
            self._unsynced.append(piece)
            self._unwritten[0] = self._unwritten[0][len(piece) :]
            if not self._unwritten[0]:
                del self._unwritten[0]

    def _fitting(self, descriptor: int, data: bytes) -> bytes:
        """Return the lines that the file still takes; of a new one at least the first."""
        if self._max_bytes is None:
            return data
        size = os.fstat(descriptor).st_size
        room = self._max_bytes - size
        if len(data) <= room:
            return data
        end = data.rfind(b"\n", 0, max(0, room)) + 1
        return data[: end or (data.index(b"\n") + 1 if not size else 0)]

    def _rotate(self, descriptor: int) -> int:
        self._make_durable(descriptor)
        if is_at(descriptor, self._path):
            shift(self._real)
            sync_directory(self._real.parent)
        self._release()
        self._remove_oldest()
        return self._opened()

    def _remove_oldest(self) -> None:
        if self._max_bytes is not None:
            remove_oldest(self._real, keep=self._keep, needed=self._needed)

    @property
    def _real(self) -> Path:
        """Where the file is, links followed."""
        return Path(os.path.realpath(self._path))

    def _write_to_pipe(self, descriptor: int) -> None:
        """Write what a pipe takes, which is not waited for, and cannot be taken back."""
        while self._unwritten:
            try:
                taken = os.write(descriptor, self._unwritten[0])
            except BlockingIOError as error:
                raise BlockingIOError(error.errno, f"nobody reads {self._path}, and it is full") from error
            self._unwritten[0] = self._unwritten[0][taken:]
            if not self._unwritten[0]:
                del self._unwritten[0]

    def _sync(self) -> None:
        self._write_unwritten(self._opened())
        descriptor = self._opened()
        self._make_durable(descriptor)
        if self._was is None and not is_at(descriptor, self._path):
            # Somebody has moved it away: what comes now is of a new file.
            self._release()
            descriptor = self._opened()
        self._state = self._known_by(descriptor)

    def _make_durable(self, descriptor: int) -> None:
        try:
            fsync(descriptor)
        except OSError:
            # What the disk has of it is not known any more, and a second fsync would not tell.
            self._go_back(descriptor)
            raise
        self._unsynced, self._unsynced_bytes = [], 0
        self._synced_size = self._size(descriptor)

    def _unknown(self) -> dict[str, Any]:
        return {"path": str(Path(self._path).absolute()), "inode": None, "bytes": 0, "fingerprint": None}

    def _known_by(self, descriptor: int) -> dict[str, Any]:
        status, size = os.fstat(descriptor), self._size(descriptor)
        known = None
        # A pipe or a device has no bytes to be known by, and is never cut.
        if stat.S_ISREG(status.st_mode):
            known = Fingerprint.of_open(descriptor, size).to_json()
        return {**self._unknown(), "inode": status.st_ino, "bytes": size, "fingerprint": known}

    def _size(self, descriptor: int) -> int:
        """Return how much of the file is ours."""
        return os.fstat(descriptor).st_size if self._cut_to is None else self._cut_to

    def _go_back(self, descriptor: int) -> None:
        self._unwritten = self._unsynced + self._unwritten
        self._unsynced, self._unsynced_bytes = [], 0
        if self._cut_to is None and os.fstat(descriptor).st_size > self._synced_size:
            os.ftruncate(descriptor, self._synced_size)

    def _opened(self) -> int:
        if self._descriptor is None:
            self._was = self._predecessor()
            place = self._path if self._was is None else str(rotated(self._real)[self._was])
            new = not Path(place).exists()
            descriptor = os.open(place, FLAGS, 0o666)
            try:
                self._make_ready(descriptor, new=new)
            except BaseException:
                os.close(descriptor)
                raise
            self._descriptor, self._known = descriptor, None
        return self._descriptor

    def _predecessor(self) -> int | None:
        """Return which predecessor is the file that the state knows; None where it is the file itself, or none."""
        known = self._known
        if known is None or known["inode"] is None or known["path"] != str(Path(self._path).absolute()):
            return None
        number = number_of(self._real, known["inode"])
        if number is None:
            return None
        with rotated(self._real)[number].open("rb") as file:
            status = os.fstat(file.fileno())
            fits = status.st_size >= known["bytes"] and self._is_the_one(file.fileno(), known)
        return number if fits else None

    def _make_ready(self, descriptor: int, *, new: bool) -> None:
        if new:
            sync_directory(Path(self._path).parent)
        if self._was is not None and self._known is not None:
            self._cut_to = int(self._known["bytes"])
        elif self._known is not None:
            self._cut_to = self._size_to_cut_to(descriptor, self._known)
        size = os.fstat(descriptor).st_size
        if self._cut_to is None and size and os.pread(descriptor, 1, size - 1) != b"\n":
            write_whole(descriptor, b"\n")  # a crash has cut a line short
        fsync(descriptor)
        self._synced_size = self._size(descriptor)

    def _size_to_cut_to(self, descriptor: int, known: Mapping[str, Any]) -> int | None:
        size, expected = os.fstat(descriptor).st_size, int(known["bytes"])
        if size < expected:
            log.warning("%s has %d bytes, the checkpoint says %d; appending", self._path, size, expected)
        elif size > expected and self._is_the_one(descriptor, known):
            return expected
        elif size > expected:
            log.warning(
                "%s is not the file that the checkpoint knows (it was changed, copied or restored, or the path was"
                " changed): it is appended to and not cut, so what came after the checkpoint may be there twice",
                self._path,
            )
        return None

    def _is_the_one(self, descriptor: int, known: Mapping[str, Any]) -> bool:
        if known["fingerprint"] is None or known["inode"] != os.fstat(descriptor).st_ino:
            return False
        fingerprint = Fingerprint.of_json(known["fingerprint"])
        same_place = known["path"] == str(Path(self._path).absolute())
        # Of an empty file there are no bytes to know it by.
        return fingerprint.is_in(descriptor) and (same_place or fingerprint.bytes > 0)

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        self._cut_to = self._was = None
        if descriptor is not None:
            os.close(descriptor)
