from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher, IsolationLevel
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.legacy_records import LegacyRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords

from connectors.kafka.record_batches import FastPartitionRecords

if TYPE_CHECKING:
    from collections.abc import Sequence

PART = TopicPartition("plant", 3)
FIELDS = ("topic", "partition", "offset", "timestamp", "key", "value", "headers", "leader_epoch")
CODECS = (PLAIN, GZIP, SNAPPY, LZ4, ZSTD) = tuple(range(5))
LOG_APPEND_TIME = 0x08

optional_bytes = st.none() | st.binary(max_size=300)
headers = st.lists(st.tuples(st.text(max_size=20), optional_bytes), max_size=3)
times = st.integers(0, 2**45)
messages = st.lists(st.tuples(times, optional_bytes, optional_bytes, headers), min_size=1, max_size=80)


def written(
    events: Sequence[tuple[int, bytes | None, bytes | None, list[tuple[str, bytes | None]]]],
    *,
    compression: int = PLAIN,
    step: int = 1,
    producer: int = -1,
    base: int = 0,
) -> bytes:
    """Return a batch as the client's own producer writes it; a ``step`` above 1 leaves holes between offsets."""
    builder = DefaultRecordBatchBuilder(
        magic=2,
        compression_type=compression,
        is_transactional=producer >= 0,
        producer_id=producer,
        producer_epoch=0,
        base_sequence=0,
        batch_size=10**9,
    )
    for number, (time, key, value, said) in enumerate(events):
        assert builder.append(base + number * step, time, key, value, said) is not None
    return bytes(builder.build())


def fetched(
    kind: type[Any], data: bytes, *, fetch_offset: int = 0, aborted: Sequence[Any] = (), check_crcs: bool = True
) -> Any:
    return kind(
        fetch_offset,
        PART,
        MemoryRecords(data),
        isolation_level=IsolationLevel.READ_COMMITTED,
        aborted_transactions=aborted,
        on_drain=lambda _: None,
        check_crcs=check_crcs,
    )


def both(data: bytes, *, fetch_offset: int = 0) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Return what our class reads and what the client's does, and compare where both go on."""
    ours, theirs = (
        fetched(kind, data, fetch_offset=fetch_offset) for kind in (FastPartitionRecords, Fetcher.PartitionRecords)
    )
    read = tuple(
        [tuple(getattr(record, name) for name in FIELDS) for record in each.take()] for each in (ours, theirs)
    )
    assert ours.next_fetch_offset == theirs.next_fetch_offset
    assert ours.records_read == theirs.records_read
    assert not ours
    return read[0], read[1]


@given(events=messages, compression=st.sampled_from(CODECS), step=st.sampled_from([1, 1000]))
def test_it_reads_what_the_client_reads(events: Any, compression: int, step: int) -> None:
    ours, theirs = both(written(events, compression=compression, step=step))
    assert ours == theirs
    assert [record[5] for record in ours] == [value for _, _, value, _ in events]


def test_it_begins_and_goes_on_where_it_was_asked_to() -> None:
    data = written([(0, None, b"%d" % number, []) for number in range(10)])
    ours = fetched(FastPartitionRecords, data, fetch_offset=4)
    assert [record.offset for record in ours.take(3)] == [4, 5, 6]
    assert ours.next_fetch_offset == 7
    assert [record.value for record in ours.take(100)] == [b"7", b"8", b"9"]


def test_the_broker_s_time_replaces_the_producer_s() -> None:
    data = bytearray(written([(5, None, b"a", []), (9, None, b"b", [])]))
    data[22] |= LOG_APPEND_TIME
    ours, theirs = (
        list(each.take())
        for each in (
            fetched(FastPartitionRecords, bytes(data), check_crcs=False),
            fetched(Fetcher.PartitionRecords, bytes(data), check_crcs=False),
        )
    )
    assert [record.timestamp for record in ours] == [record.timestamp for record in theirs] == [9, 9]


def test_what_a_transaction_wrote_is_read_unless_it_was_aborted() -> None:
    batches = [(5, 0, b"kept"), (6, 1, b"aborted"), (-1, 2, b"plain")]
    data = b"".join(written([(0, None, value, [])], producer=who, base=at) for who, at, value in batches)
    aborted = [SimpleNamespace(producer_id=6, first_offset=1)]
    assert [record.value for record in fetched(FastPartitionRecords, data).take()] == [
        b"kept",
        b"aborted",
        b"plain",
    ]
    assert [record.value for record in fetched(FastPartitionRecords, data, aborted=aborted).take()] == [
        b"kept",
        b"plain",
    ]


@pytest.mark.parametrize("magic", [0, 1])
def test_old_formats_are_left_to_the_client(magic: int) -> None:
    builder = LegacyRecordBatchBuilder(magic=magic, compression_type=0, batch_size=10**6)
    builder.append(0, 77, b"key", b"value")
    old, new = bytes(builder.build()), written([(0, None, b"new", [])])
    ours, theirs = both(old + new)
    assert ours == theirs
    assert [record[5] for record in ours] == [b"value", b"new"]


def test_a_damaged_batch_is_an_error_and_no_record() -> None:
    data = bytearray(written([(0, None, b"a" * 100, [])]))
    data[-20] ^= 1
    with pytest.raises(CorruptRecordError, match=r"plant.*offset 0.*CRC"):
        fetched(FastPartitionRecords, bytes(data)).take()


@given(events=messages, place=st.floats(0, 1), value=st.integers(0, 255))
def test_a_batch_that_was_damaged_before_its_checksum_never_reads_further(
    events: Any, place: float, value: int
) -> None:
    header = 61
    data = bytearray(written(events))
    data[header + int(place * (len(data) - header - 1))] = value
    records, read = fetched(FastPartitionRecords, bytes(data), check_crcs=False), []
    with suppress(CorruptRecordError):
        while records:
            read += records.take()
    assert len(read) <= len(events)
