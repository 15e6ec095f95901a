"""Reading a file, plain or gzip, with errors that name it."""

from __future__ import annotations

import gzip
import zlib
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from connectors.source import SourceDataError

if TYPE_CHECKING:
    from collections.abc import Iterator

GZIP_MAGIC = b"\x1f\x8b"


def open_binary(path: str) -> IO[bytes]:
    """Open a file for reading bytes, through gzip where its first bytes are gzip's. Raises ``SourceDataError``."""
    try:
        with Path(path).open("rb") as file:
            magic = file.read(len(GZIP_MAGIC))
        return cast("IO[bytes]", gzip.open(path, "rb")) if magic == GZIP_MAGIC else Path(path).open("rb")
    except OSError as error:
        raise SourceDataError(f"{path}: {error.strerror}; correct source.path or the file's permissions") from None


@contextmanager
def damage_named(path: str, record: int) -> Iterator[None]:
    """Turn an error of gzip or the disk into a ``SourceDataError`` that names the file and the record."""
    try:
        yield
    except (EOFError, OSError, zlib.error) as error:
        raise SourceDataError(
            f"{path}: cannot be read at record {record} (counted from 0): {error}; replace it with an intact copy"
        ) from None
