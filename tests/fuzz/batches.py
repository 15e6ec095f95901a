"""Record batches of such payloads, with keys, headers, times and compression as any producer may set them."""

from __future__ import annotations

import gzip
from typing import TYPE_CHECKING, Any

import lz4.frame
import snappy
import zstandard
from kafka.errors import NoError

from tests.fuzz.values import value
from tests.kafka.bulk import tried
from tests.kafka.raw_batches import GZIP, LZ4, PLAIN, SNAPPY, ZSTD, raw_batch, raw_record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.fuzz.values import Draws

LARGEST = (1 << 63) - 1
ANYTHING = {
    "message.timestamp.after.max.ms": str(LARGEST),
    "message.timestamp.before.max.ms": str(LARGEST),
    "max.message.bytes": str(32 * 1024 * 1024),
}
"""What a topic has to be told to take records of any time, and all these batches."""
CODECS = (
    (PLAIN, bytes),
    (GZIP, lambda content: gzip.compress(content, 1)),
    (SNAPPY, snappy.compress),
    (LZ4, lz4.frame.compress),
    (ZSTD, lambda content: zstandard.ZstdCompressor(1).compress(content)),
)
KEYS = (None, None, None, b"", b"k1", b"k2", b"\xff\xfe", b"\x00" * 70, b"k" * 5_000)
NAMES = (
    b"",
    b"trace",
    b"label",
    b"task",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"__connect.errors.topic",
    b"retaind.file",
    b"n" * 999,
)
CONTENTS = (None, b"", b"ok", b"fault", b"\xff", b"1.0", b"v" * 2_000)
FIRST_TIMES = (None, None, None, -1, 0, -LARGEST, LARGEST, 1, 4_102_444_800_000)
AFTER = (0, 0, 0, 1, -1, 1 << 40, LARGEST)


def taken(bootstrap: str, topic: str, batches: Sequence[bytes], sizes: Sequence[int]) -> int:
    """Write batches of so many records each, any of which may be refused; return how many records were taken."""
    errors = tried(bootstrap, topic, batches)
    return sum(size for size, error in zip(sizes, errors, strict=True) if error is NoError)


def batch(draws: Draws, form: str, *, records: int) -> bytes:
    """Return a batch of so many records, none larger than a broker takes."""
    codec, compress = draws.choice(CODECS)
    rows = [_record(draws, form, place) for place in range(records)]
    return raw_batch(*rows, codec=codec, compress=compress, first_ms=draws.choice(FIRST_TIMES))


def _record(draws: Draws, form: str, place: int) -> bytes:
    return raw_record(
        value(draws, form),
        at=place,
        after_ms=draws.choice(AFTER),
        key=draws.choice(KEYS),
        headers=_headers(draws, sound=form == "raw"),
    )


def _headers(draws: Draws, *, sound: bool) -> Sequence[tuple[bytes, Any]]:
    """Return headers; those that the raw decoder asks for are mostly there."""
    asked = [(b"label", draws.choice((b"ok", b"fault"))), (b"task", b"t0")] if sound else []
    if draws.random() < 0.9:
        return asked
    some = [(draws.choice(NAMES), draws.choice(CONTENTS)) for _ in range(draws.randrange(5))]
    return [*some, *asked] if draws.random() < 0.9 else some * 60
