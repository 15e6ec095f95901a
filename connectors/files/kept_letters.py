"""Dead letters read back from a file and from those that it has been rotated to."""

from __future__ import annotations

import os
from base64 import b64decode
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from connectors.files.rotated import rotated
from connectors.kept_letter import KeptLetter, UnreadableLetterError
from connectors.record import LocalRecord
from connectors.source import SourceUnavailableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.files.sink_options import FileDeadLettersOptions


def file_letters(
    options: FileDeadLettersOptions, *, since: float | None = None
) -> Iterator[KeptLetter | UnreadableLetterError]:
    """Yield what the files of dead letters hold by now, the oldest first.

    ``since`` is a Unix time before which nothing is wanted. What is no letter is yielded as the error that it is,
    but for a last line that is still being written. Raises ``SourceUnavailableError``.
    """
    path = Path(os.path.realpath(options.path))
    for each in [*reversed(rotated(path).values()), path]:
        try:
            yield from _in_file(each, since=since)
        except FileNotFoundError:  # nothing was rejected yet, or it is rotated just now
            continue
        except OSError as error:
            raise SourceUnavailableError(f"dead letters cannot be read: {error}") from error


def _in_file(path: Path, *, since: float | None) -> Iterator[KeptLetter | UnreadableLetterError]:
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.endswith(b"\n"):
                return
            letter = _read(line, f"{path}:{number}")
            if since is None or isinstance(letter, UnreadableLetterError) or letter.rejected_at >= since:
                yield letter


def _read(line: bytes, place: str) -> KeptLetter | UnreadableLetterError:
    try:
        saved = orjson.loads(line)
        return KeptLetter(
            _record(saved),
            index=saved.get("index", -1),
            stage=saved["stage"],
            reason=saved["reason"],
            message=saved["message"],
            rejected_at=float(saved["rejected_at"]),
            place=place,
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return UnreadableLetterError(f"{place} is no dead letter that retaind has written")


def _record(saved: dict[str, Any]) -> LocalRecord:
    place = saved["topic"], saved["partition"], saved["offset"]
    headers = [(name, _bytes(value)) for name, value in saved["headers"]]
    return LocalRecord(
        *place,
        saved["timestamp_ms"],
        _bytes(saved["key"]),
        _bytes(saved["value"]),
        [(n, v or b"") for n, v in headers],
    )


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else b64decode(text, validate=True)
