"""Opens the compression of record batches, up to a size: a kilobyte can hold gigabytes of zeros."""

from __future__ import annotations

import io
import zlib
from typing import TYPE_CHECKING

import snappy
import zstandard
from lz4.frame import LZ4FrameDecompressor

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MASK = 0x07  # the attributes of a batch say its codec in three bits (KIP-98, KIP-110)
GZIP, SNAPPY, LZ4, ZSTD = 1, 2, 3, 4
_ANY_GZIP, _GZIP_MEMBER = 31, b"\x1f\x8b"
_AT_ONCE = 1 << 20
_XERIAL = b"\x82SNAPPY\x00"
_XERIAL_HEADER_BYTES = 16
_LENGTH_BYTES = 4


class TooLargeBatchError(Exception):
    """A batch opens to more bytes than are allowed."""


def decompressed(data: bytes, codec: int, *, most_bytes: int) -> bytes:
    """Return what compressed bytes open to; raise ``TooLargeBatchError`` beyond ``most_bytes``, and open no more.

    What stands behind the end of the compressed bytes is left alone, as a broker does that checks what it is given:
    whether the records are all there, they say themselves. Raises an error of the codec's library for what it
    cannot open, and ``ValueError`` for snappy blocks that do not add up.

    >>> decompressed(zlib.compress(b"0" * 1000, wbits=31) + b"!", GZIP, most_bytes=1000) == b"0" * 1000
    True
    """
    return _OPENED[codec](data, most_bytes) if codec else data


def _gzip(data: bytes, most_bytes: int) -> bytes:
    opened = bytearray()
    while data.startswith(_GZIP_MEMBER):
        member = zlib.decompressobj(wbits=_ANY_GZIP)
        opened += member.decompress(data, most_bytes - len(opened) + 1)
        _require_at_most(most_bytes, len(opened))
        data = member.unused_data
    return bytes(opened)


def _lz4(data: bytes, most_bytes: int) -> bytes:
    opened: bytes = LZ4FrameDecompressor().decompress(data, max_length=most_bytes + 1)
    _require_at_most(most_bytes, len(opened))
    return opened


def _zstd(data: bytes, most_bytes: int) -> bytes:
    opened = bytearray()
    with zstandard.ZstdDecompressor().stream_reader(io.BytesIO(data), read_across_frames=True) as reader:
        try:
            while part := reader.read(min(_AT_ONCE, most_bytes - len(opened) + 1)):
                opened += part
                _require_at_most(most_bytes, len(opened))
        except zstandard.ZstdError:
            if not opened:
                raise
    return bytes(opened)


def _snappy(data: bytes, most_bytes: int) -> bytes:
    """Open one block, or the blocks that xerial's library writes, each behind its length."""
    if not data.startswith(_XERIAL) or len(data) < _XERIAL_HEADER_BYTES:
        _require_at_most(most_bytes, _declared(data))
        return bytes(snappy.decompress(data))
    opened, at = bytearray(), _XERIAL_HEADER_BYTES
    while at < len(data):
        size = int.from_bytes(data[at : at + _LENGTH_BYTES], "big", signed=True)
        at += _LENGTH_BYTES
        if not 0 < size <= len(data) - at:
            raise ValueError(f"a snappy block of {size} bytes, of which {len(data) - at} are there")
        block = data[at : at + size]
        _require_at_most(most_bytes, len(opened) + _declared(block))
        opened += snappy.decompress(block)
        at += size
    return bytes(opened)


def _declared(block: bytes) -> int:
    """Return the length that a snappy block begins with; its library refuses one that holds another."""
    size = shift = 0
    for byte in block[:5]:
        size |= (byte & 0x7F) << shift
        if byte < 0x80:  # noqa: PLR2004 - the bit that says that another byte follows
            return size
        shift += 7
    raise ValueError("a snappy block without a length")


def _require_at_most(most_bytes: int, size: int) -> None:
    if size > most_bytes:
        raise TooLargeBatchError(
            f"it opens to more than {most_bytes} bytes, which source.max_batch_bytes does not allow"
        )


_OPENED: Mapping[int, Callable[[bytes, int], bytes]] = {GZIP: _gzip, SNAPPY: _snappy, LZ4: _lz4, ZSTD: _zstd}
