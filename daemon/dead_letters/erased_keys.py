"""Whether an event is of a key that was erased: the log of erasures knows keys by their digests alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from daemon.state.audit_log import AuditLog
from daemon.state.key_digests import KeyDigests
from daemon.state.words import words

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.kept_letter import KeptLetter


class ErasedKeys:
    """The keys of a state directory's log; raises ``StateError`` where that is not as it was written."""

    def __init__(self, directory: Path) -> None:
        self._key = KeyDigests(directory)
        self._digests = {digest for erasure in AuditLog(directory).erasures() for digest in erasure.keys}

    def __bool__(self) -> bool:
        return bool(self._digests)

    def has(self, letter: KeptLetter, *, decoded: bytes | None) -> bool:
        """Tell whether an event's key was erased, or a word or field of its value is such a key.

        ``decoded`` is the key that a decoder has found in it.
        """
        if not self._digests:
            return False
        record = letter.record
        names = {record.key, decoded, *words(record.value or b"")} - {None}
        return any(self._key.of(name) in self._digests for name in names if name is not None)
