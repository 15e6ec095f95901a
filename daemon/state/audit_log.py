"""What was done to what is learned, on whose word: a file that shows whether a line of it was changed."""

from __future__ import annotations

import fcntl
import getpass
import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from daemon.state.audit_chain import chained, newest_digest, unchained, whole_lines
from daemon.state.durable import make_directory, sync_directory, write_file
from daemon.state.erasure import ERASURE, Erasure
from daemon.state.former_audits import CARRIED, FormerAudit, former_erasures, former_skips
from daemon.state.state_error import DamagedError, state_io

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path


class AuditLog:
    """``DIRECTORY/audit.jsonl``: an entry a line, each with ``at``, ``by`` and ``what``, chained: see ``chained``.

    Whoever changes a line has to change all that follow, and the digest of the newest, which is shown and can be
    kept elsewhere. Logs of earlier releases are carried over with the first entry that is added. Several processes
    may add entries.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / "audit.jsonl"
        self.lock_path = directory / "audit.lock"
        self.erasures_path = directory / "erasures.jsonl"

    def append(self, entry: Mapping[str, Any]) -> None:
        """Add an entry, durably. What a crash has cut short at the end is taken away first."""
        with state_io(self.path, "write"), self._locked():
            kept = self._carry_over()
            # What was changed is for ``verify`` to tell: it must not keep anybody from erasing.
            line, _ = chained([{"at": time.time(), "by": who(), **entry}], newest=newest_digest(kept))
            self._write(line, behind=len(kept))

    def verify(self) -> tuple[list[dict[str, Any]], str]:
        """Return all entries, oldest first, and the newest digest; raise ``DamagedError`` where one was changed."""
        with state_io(self.path, "read"):
            content, formers = self._read()
        entries, newest = unchained(content, path=self.path)
        for former in formers:
            if not former.is_carried(content):
                entries += [former.head, *former.entries]
        damage = next((each["damage"] for each in entries if each["what"] == CARRIED and "damage" in each), "")
        if damage:
            raise DamagedError(f"{damage}, before it was carried over")
        return entries, newest

    def erasures(self) -> list[Erasure]:
        """Return all that was erased, oldest first; raise ``DamagedError`` where an entry was changed."""
        return [Erasure.of(entry) for entry in self.verify()[0] if entry["what"] == ERASURE]

    def _read(self) -> tuple[bytes, list[FormerAudit]]:
        """Return the chained lines, and the former files that are still there."""
        erasures = former_erasures(self.erasures_path)  # first: the log has it before it loses its name
        content = self.path.read_bytes() if self.path.exists() else b""
        skips = former_skips(self.path, content)
        return b"" if skips else content, [each for each in (skips, erasures) if each is not None]

    def _carry_over(self) -> bytes:
        """Return the whole lines of the log, once it has all entries of former ones.

        Interrupted, it can be done again: the log is replaced at once, and knows by its digest what it has.
        """
        content, formers = self._read()
        kept = whole_lines(content)
        wanted = [former for former in formers if not former.is_carried(kept)]
        if wanted:
            now = {"at": time.time(), "by": who()}
            carried = [entry for former in wanted for entry in (now | former.head, *former.entries)]
            kept += chained(carried, newest=newest_digest(kept))[0]
            self._keep(wanted)
            self._replace(kept)
        for former in formers:
            if former.path != self.path:
                former.put_away()
        return kept

    def _keep(self, formers: list[FormerAudit]) -> None:
        """Keep a former log that had this one's name under another one, too."""
        for former in formers:
            if former.path == self.path and not former.kept_as.exists():
                os.link(former.path, former.kept_as)

    def _replace(self, content: bytes) -> None:
        temporary = self.path.with_name(".audit.jsonl")
        temporary.unlink(missing_ok=True)
        write_file(temporary, [content])
        temporary.chmod(0o600)
        temporary.rename(self.path)
        sync_directory(self.path.parent)

    def _write(self, line: bytes, *, behind: int) -> None:
        new = not self.path.exists()
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, behind)
            os.pwrite(descriptor, line, behind)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        if new:
            sync_directory(self.path.parent)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        make_directory(self.path.parent)
        descriptor = os.open(self.lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)


def who() -> str:
    """Return the user whose process this is, as the log names him."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a user that has no name on this machine
        return f"user {os.getuid()}"
