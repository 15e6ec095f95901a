"""What was erased, in a file that shows whether a line of it was changed, and names nobody."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from daemon.state.durable import sync_directory, write_file
from daemon.state.state_error import DamagedError, state_io

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_FIRST: Final = "0" * 64
"""What the first line has as the digest of the one before it."""
_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Erasure:
    """What has come of one request."""

    at: float
    """Unix time at which it was done."""
    by: str
    """Who has asked: ``user 1000``, ``http 127.0.0.1``, or where a tombstone was, ``events/0 at 17``."""
    keys: Sequence[str]
    """Digests of the keys: see ``AuditLog.digest``."""
    removed: Mapping[str, int]
    """Rows, or keys, by what they were kept for; lines by the name of the file."""
    generation: int | None
    """The first generation without them; None where there was no state."""
    generations_removed: Sequence[int]


class AuditLog:
    """``DIRECTORY/erasures.jsonl``: a line a request, each with the SHA-256 of the line before it and its own.

    Whoever changes a line has to change all that follow, and the digest of the newest, which is shown and can be
    kept elsewhere. A key is told by HMAC-SHA-256 with the secret in ``DIRECTORY/erasures.secret``: whoever has both
    files can ask whether a certain key was erased, whoever has the log alone cannot guess keys.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / "erasures.jsonl"
        self.secret_path = directory / "erasures.secret"

    def digest(self, key: bytes) -> str:
        """Return what a key is told by; the secret is made where there is none."""
        return hmac.new(self._secret(), key, hashlib.sha256).hexdigest()

    def append(self, erasure: Erasure) -> None:
        """Add a line, durably. What a crash has cut short at the end is taken away first."""
        with state_io(self.path, "write"):
            whole, newest = self._whole()
            body = {**asdict(erasure), "before": newest}
            line = json.dumps({**body, "sha256": _digest(body)}).encode() + b"\n"
            new = not self.path.exists()
            descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.ftruncate(descriptor, whole)
                os.pwrite(descriptor, line, whole)
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if new:
                sync_directory(self.path.parent)

    def verify(self) -> list[Erasure]:
        """Return all that was erased, oldest first; raise ``DamagedError`` where a line was changed."""
        found, before = [], _FIRST
        for number, line in enumerate(self._lines(), start=1):
            try:
                body = json.loads(line)
                own, follows = body.pop("sha256"), body["before"] == before
                is_whole = follows and own == _digest(body)
                del body["before"]
                found.append(Erasure(**body))
            except (ValueError, KeyError, TypeError) as error:
                raise DamagedError(f"{self.path}:{number} is no line of this log: it was changed or cut") from error
            if not is_whole:
                raise DamagedError(
                    f"{self.path}:{number} does not fit the line before it, or itself: it was changed"
                )
            before = own
        return found

    @property
    def newest(self) -> str:
        """The digest of the newest line, which tells of all before it."""
        return self._whole()[1]

    def _lines(self) -> list[bytes]:
        with state_io(self.path, "read"):
            return self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else []

    def _whole(self) -> tuple[int, str]:
        """Return how many bytes end with a line's end, and the digest of the last of these lines."""
        lines = [line for line in self._lines() if line.endswith(b"\n")]
        return sum(map(len, lines)), json.loads(lines[-1])["sha256"] if lines else _FIRST

    def _secret(self) -> bytes:
        with state_io(self.secret_path, "read or write"):
            if not self.secret_path.exists():
                self._make_secret()
            return self.secret_path.read_bytes()

    def _make_secret(self) -> None:
        temporary = self.secret_path.with_name(".erasures.secret")
        temporary.unlink(missing_ok=True)
        write_file(temporary, [secrets.token_bytes(_SECRET_BYTES)])
        temporary.chmod(0o600)
        temporary.rename(self.secret_path)
        sync_directory(self.secret_path.parent)


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
