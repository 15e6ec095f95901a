"""Whether an event is of a key that was erased: the log of erasures knows keys by their digests alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import orjson

from daemon.state.audit_log import AuditLog
from daemon.state.key_digests import KeyDigests

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.kept_letter import KeptLetter

_WORD = re.compile(rb"[0-9A-Za-z_]+")
_CELL = re.compile(rb"[^,;|\t\r\n\"']+")


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
        names = {record.key, decoded, *_words(record.value or b"")} - {None}
        return any(self._key.of(name) in self._digests for name in names if name is not None)


def _words(value: bytes) -> Iterator[bytes]:
    """Yield whatever may be a key in a value: words, cells of separated values, texts and numbers of JSON.

    >>> {b"ann", b"ann@x.org"} <= set(_words(b'{"who": "ann@x.org"}'))
    True
    """
    yield from _WORD.findall(value)
    yield from (cell.strip() for cell in _CELL.findall(value))
    try:
        yield from _leaves(orjson.loads(value))
    except (orjson.JSONDecodeError, RecursionError):
        return


def _leaves(value: Any) -> Iterator[bytes]:
    if isinstance(value, dict):
        for each in value.values():
            yield from _leaves(each)
    elif isinstance(value, list):
        for each in value:
            yield from _leaves(each)
    elif value is not None:
        yield str(value).encode(errors="surrogateescape")
