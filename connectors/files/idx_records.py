"""The images of an IDX file as payloads, with the labels of a second one.

The format is described at the end of http://yann.lecun.com/exdb/mnist/: two zero bytes, a type, the number of
dimensions, each dimension as a big-endian 32-bit number, then the values.
"""

from __future__ import annotations

import math
import re
import struct
from typing import IO, TYPE_CHECKING

from connectors.files.fingerprint import Fingerprint
from connectors.files.input_file import damage_named, open_binary
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from connectors.files.place import FilePlace

IDX_NAME = re.compile(r"idx[1-9]-ubyte(\.gz)?$")
UNSIGNED_BYTE = 8


def is_idx(path: str) -> bool:
    """Return whether the file's name says that it is IDX.

    >>> is_idx("mnist/train-images-idx3-ubyte.gz"), is_idx("elec.csv")
    (True, False)
    """
    return IDX_NAME.search(path) is not None


class IdxRecords:
    """The items of one IDX file of unsigned bytes, each with its label where a label file is given."""

    def __init__(self, path: str, labels: str | None) -> None:
        self._path = path
        self._labels_path = labels
        self._file = open_binary(path)
        self._labels: IO[bytes] | None = None
        self.records = 0
        """Records that were delivered."""
        try:
            self._labels = None if labels is None else open_binary(labels)
            self._count, self._item_bytes, self._start = _header(self._file, path)
            if self._labels is not None and labels is not None:
                self._check_labels(_header(self._labels, labels))
        except BaseException:
            self.close()
            raise

    def _check_labels(self, header: tuple[int, int, int]) -> None:
        count, item_bytes, self._labels_start = header
        if count != self._count or item_bytes != 1:
            raise SourceDataError(
                f"{self._labels_path}: has {count} labels of {item_bytes} bytes, but {self._path} has "
                f"{self._count} items; give the label file that belongs to it"
            )

    def read(self) -> tuple[bytes, str | None] | None:
        """Return the next item and its label, None at the end; raise ``SourceDataError``."""
        if self.records >= self._count:
            return None
        value = self._exactly(self._file, self._item_bytes, self._path)
        label = None if self._labels is None else self._exactly(self._labels, 1, self._labels_path or "")[0]
        self.records += 1
        return value, None if label is None else str(label)

    def _exactly(self, file: IO[bytes], size: int, path: str) -> bytes:
        with damage_named(path, self.records):
            value = file.read(size)
            if len(value) < size:
                raise EOFError("the file ends too early")
        return value

    bytes = 0
    unended = 0

    @property
    def descriptor(self) -> int:
        """The open file's descriptor."""
        return self._file.fileno()

    def take_rest(self) -> None:
        """Every item is whole."""

    def fingerprint(self) -> Fingerprint:
        """Return that of the file's head. Raises OSError."""
        return Fingerprint.of_head(self._path)

    def go_to(self, place: FilePlace) -> None:
        """Go to a place in this file; raise ``SourceDataError`` where it has fewer records."""
        records = place.records
        if records > self._count:
            raise SourceDataError(
                f"{self._path}: has {self._count} records, but the checkpoint stopped after {records}; "
                "restore the file or start with an empty checkpoint directory"
            )
        with damage_named(self._path, records):
            self._file.seek(self._start + records * self._item_bytes)
            if self._labels is not None:
                self._labels.seek(self._labels_start + records)
        self.records = records

    def close(self) -> None:
        """Close both files."""
        self._file.close()
        if self._labels is not None:
            self._labels.close()


def _header(file: IO[bytes], path: str) -> tuple[int, int, int]:
    """Return the number of items, the bytes of one, and the position of the first."""
    with damage_named(path, 0):
        magic = file.read(4)
        dimensions = magic[3] if len(magic) == 4 else 0  # noqa: PLR2004  # the format's own layout
        sizes = file.read(4 * dimensions)
    if magic[:3] != bytes([0, 0, UNSIGNED_BYTE]) or dimensions == 0 or len(sizes) != 4 * dimensions:
        raise SourceDataError(
            f"{path}: is not an IDX file of unsigned bytes; set source.format: lines if it is text"
        )
    count, *shape = struct.unpack(f">{dimensions}I", sizes)
    return count, math.prod(shape), 4 + 4 * dimensions
