from __future__ import annotations

import gzip
from contextlib import suppress
from typing import TYPE_CHECKING

import lz4.frame
import pytest
import snappy
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from connectors.kafka.decompression import GZIP, LZ4, SNAPPY, ZSTD, TooLargeBatchError, decompressed

if TYPE_CHECKING:
    from collections.abc import Callable

    Compress = Callable[[bytes], bytes]


def xerial(content: bytes) -> bytes:
    blocks = [snappy.compress(content[at : at + 100]) for at in range(0, len(content), 100)]
    return b"\x82SNAPPY\0" + bytes(8) + b"".join(len(block).to_bytes(4, "big") + block for block in blocks)


CODECS: list[tuple[int, Compress]] = [
    (GZIP, gzip.compress),
    (SNAPPY, snappy.compress),
    (SNAPPY, xerial),
    (LZ4, lz4.frame.compress),
    (ZSTD, lambda content: zstandard.ZstdCompressor().compress(content)),
]


@pytest.mark.parametrize(("codec", "compress"), CODECS)
@given(content=st.binary(max_size=1_000))
def test_what_is_within_the_bound_is_opened_whole(codec: int, compress: Compress, content: bytes) -> None:
    assert decompressed(compress(content), codec, most_bytes=len(content)) == content


@pytest.mark.parametrize(("codec", "compress"), CODECS)
def test_what_is_beyond_it_is_not(codec: int, compress: Compress) -> None:
    with pytest.raises(TooLargeBatchError, match="more than 999999 bytes"):
        decompressed(compress(bytes(1_000_000)), codec, most_bytes=999_999)


@pytest.mark.parametrize(("codec", "compress"), CODECS)
@given(rest=st.binary(max_size=40), cut=st.integers(0, 60))
def test_whatever_the_bytes_are_it_ends_with_less_than_the_bound_or_an_error(
    codec: int, compress: Compress, rest: bytes, cut: int
) -> None:
    data = compress(b"abc" * 100)[:cut] + rest
    opened = b""
    with suppress(Exception):  # each library has its own
        opened = decompressed(data, codec, most_bytes=1_000)
    assert len(opened) <= 1_000
