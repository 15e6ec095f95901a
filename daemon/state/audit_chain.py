"""Lines of which each has the SHA-256 of the one before it and its own: none can be changed alone."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from daemon.state.state_error import DamagedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

FIRST: Final = "0" * 64
"""What the first line has as the digest of the one before it."""


def chained(entries: Iterable[Mapping[str, Any]], *, newest: str) -> tuple[bytes, str]:
    """Return the lines that say these entries behind the line with the digest ``newest``, and their last digest.

    >>> from pathlib import Path
    >>> lines, digest = chained([{"what": "skip"}], newest=FIRST)
    >>> unchained(lines, path=Path("log")) == ([{"what": "skip"}], digest)
    True
    """
    lines = []
    for entry in entries:
        body = {**entry, "before": newest}
        newest = _digest(body)
        lines.append(json.dumps({**body, "sha256": newest}).encode() + b"\n")
    return b"".join(lines), newest


def unchained(content: bytes, *, path: Path) -> tuple[list[dict[str, Any]], str]:
    """Return what lines of a file say, and their last digest; raise ``DamagedError`` where one was changed."""
    found, before = [], FIRST
    for number, line in enumerate(content.splitlines(keepends=True), start=1):
        try:
            body = json.loads(line)
            own, follows = body.pop("sha256"), body["before"] == before
            is_whole = follows and own == _digest(body) and line.endswith(b"\n")
            del body["before"]
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise DamagedError(f"{path}:{number} is no line of this log: it was changed or cut") from error
        if not is_whole:
            raise DamagedError(f"{path}:{number} does not fit the line before it, or itself: it was changed")
        found.append(body)
        before = own
    return found, before


def whole_lines(content: bytes) -> bytes:
    """Return content without what a crash has cut short at its end."""
    return content[: content.rfind(b"\n") + 1]


def newest_digest(content: bytes) -> str:
    """Return the digest of the last line, checked or not; ``FIRST`` of none, and of one that has none."""
    try:
        return str(json.loads(content.splitlines()[-1])["sha256"])
    except (IndexError, ValueError, KeyError, TypeError):
        return FIRST


def _digest(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
