from __future__ import annotations

from contextlib import suppress
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kafka import TopicPartition
from kafka.consumer.fetcher import Fetcher, IsolationLevel
from kafka.record.default_records import DefaultRecordBatchBuilder
from kafka.record.legacy_records import LegacyRecordBatchBuilder
from kafka.record.memory_records import MemoryRecords
from kafka.record.util import calc_crc32c

from connectors.kafka.partition_records import FastPartitionRecords
from connectors.kafka.unreadable import UnreadableError
from connectors.record import UnreadableRecord

if TYPE_CHECKING:
    from collections.abc import Sequence

PART = TopicPartition("plant", 3)
FIELDS = ("topic", "partition", "offset", "timestamp", "key", "value", "headers", "leader_epoch")
CODECS = (PLAIN, GZIP, SNAPPY, LZ4, ZSTD) = tuple(range(5))
LOG_APPEND_TIME = 0x08
HEADER = 61

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
    kind: type[Any],
    data: bytes,
    *,
    fetch_offset: int = 0,
    aborted: Sequence[Any] = (),
    check_crcs: bool = True,
    log_end: int | None = None,
    doubted: dict[Any, int] | None = None,
    skip: bool = False,
) -> Any:
    said = {"log_end": lambda _: log_end, "skip": skip, "doubted": doubted}
    ours = said if kind is FastPartitionRecords else {}
    return kind(
        fetch_offset,
        PART,
        MemoryRecords(data),
        isolation_level=IsolationLevel.READ_COMMITTED,
        aborted_transactions=aborted,
        on_drain=lambda _: None,
        check_crcs=check_crcs,
        **ours,
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
def test_old_formats_are_read_as_the_client_reads_them(magic: int) -> None:
    builder = LegacyRecordBatchBuilder(magic=magic, compression_type=0, batch_size=10**6)
    builder.append(0, 77, b"key", b"value")
    old, new = bytes(builder.build()), written([(0, None, b"new", [])], base=1)
    ours, theirs = both(old + new)
    unknown = [record if record[3] is not None else (*record[:3], -1, *record[4:]) for record in theirs]
    assert ours == unknown
    assert [record[5] for record in ours] == [b"value", b"new"]


def test_what_is_not_utf_8_in_a_name_of_a_header_is_escaped() -> None:
    data = bytearray(written([(0, b"k", b"v", [("trace", b"1")])]))
    at = data.index(b"trace")
    data[at] = 0xFF
    (record,) = fetched(FastPartitionRecords, sealed(data)).take()
    assert record.headers == [("\\xffrace", b"1")]
    # In a fetch that names aborted transactions, too.
    aborted = [SimpleNamespace(producer_id=9, first_offset=0)]
    (record,) = fetched(FastPartitionRecords, sealed(data), aborted=aborted).take()
    assert record.headers == [("\\xffrace", b"1")]


def test_a_damaged_batch_is_an_error_and_no_record() -> None:
    data = bytearray(written([(0, None, b"a" * 100, [])]))
    data[-20] ^= 1
    with pytest.raises(UnreadableError, match=r"plant/3 cannot be read at offset 0: .* has a wrong checksum"):
        fetched(FastPartitionRecords, bytes(data)).take()


def damage_a_value(data: bytearray) -> bytes:
    data[-20] ^= 1
    return bytes(data)


def damage_the_compression(data: bytearray) -> bytes:
    data[HEADER + 12] ^= 0xFF
    return sealed(data)


def damage_the_count(data: bytearray) -> bytes:
    data[60] ^= 0x40
    return sealed(data)


def damage_the_offset(data: bytearray) -> bytes:
    data[2] ^= 0x40
    return bytes(data)


def damage_the_format(data: bytearray) -> bytes:
    data[16] ^= 1
    return bytes(data)


DAMAGE = [damage_the_format, damage_a_value, damage_the_compression, damage_the_count, damage_the_offset]


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_batch_is_skipped_as_one_unreadable_record_and_those_around_it_are_read(damage: Any) -> None:
    good, bad = ([(0, None, b"x" * 50, [])] * count for count in (3, 5))
    damaged = damage(bytearray(in_the_log(bad, base=3, compression=GZIP)))
    log = {0: in_the_log(good, base=0), 3: damaged, 8: in_the_log(good, base=8)}
    records: list[Any] = []
    at, doubted = 0, dict[Any, int]()
    while at < 11:
        rest = b"".join(batch for base, batch in log.items() if base >= at)
        part = fetched(FastPartitionRecords, rest, fetch_offset=at, log_end=11, doubted=doubted, skip=True)
        records += part.take()
        at = part.next_fetch_offset
    assert [record.offset for record in records] == [0, 1, 2, 7, 8, 9, 10]
    (unreadable,) = [record for record in records if isinstance(record, UnreadableRecord)]
    assert unreadable.value == damaged
    assert unreadable.problem.startswith("The batch of offsets 3 to 7 cannot be read: ")


@given(
    events=messages,
    codec=st.sampled_from([PLAIN, GZIP]),
    place=st.floats(0, 1, exclude_max=True),
    bit=st.integers(0, 7),
)
def test_whichever_bit_is_flipped_all_is_read_or_the_batch_is_one_unreadable_record(
    events: Any, codec: int, place: float, bit: int
) -> None:
    whole = written(events, compression=codec)
    data = bytearray(whole)
    at = int(place * len(data))
    if 8 <= at < 12:
        return  # a wrong length is for the broker to find, which reads its log by it
    data[at] ^= 1 << bit
    doubted: dict[Any, int] = {}
    records: list[Any] = []
    while not records:  # one that may stand behind the end of the log is fetched once more
        part = fetched(FastPartitionRecords, bytes(data), log_end=len(events), doubted=doubted, skip=True)
        records = part.take()
    assert 0 < part.next_fetch_offset <= len(events)
    if isinstance(records[0], UnreadableRecord):
        assert [record.value for record in records] == [bytes(data)]
    else:  # a bit of the leader's epoch
        read = fetched(FastPartitionRecords, whole).take()
        assert records == [record._replace(leader_epoch=records[0].leader_epoch) for record in read]


@pytest.mark.parametrize("skip", [False, True])
def test_a_batch_behind_the_log_end_of_its_own_answer_is_read(*, skip: bool) -> None:
    """A broker reads the end of the log before it reads the batches, so that one may have come in between."""
    events = [(0, None, b"%d" % number, []) for number in range(3)]
    part = fetched(FastPartitionRecords, in_the_log(events, base=7), fetch_offset=7, log_end=7, skip=skip)
    assert [record.offset for record in part.take()] == [7, 8, 9]


@pytest.mark.parametrize("skip", [False, True])
def test_one_behind_a_hole_is_fetched_again_before_it_is_judged(*, skip: bool) -> None:
    events = [(0, None, b"%d" % number, []) for number in range(3)]
    data, doubted = in_the_log(events, base=9), dict[Any, int]()
    first = fetched(FastPartitionRecords, data, fetch_offset=7, log_end=7, doubted=doubted, skip=skip)
    assert (first.take(), first.next_fetch_offset, bool(first)) == ([], 7, False)
    again = fetched(FastPartitionRecords, data, fetch_offset=7, log_end=12, doubted=doubted, skip=skip)
    assert [record.offset for record in again.take()] == [9, 10, 11]


@given(events=messages, place=st.floats(0, 1), value=st.integers(0, 255))
def test_a_batch_that_was_damaged_before_its_checksum_never_reads_further(
    events: Any, place: float, value: int
) -> None:
    data = bytearray(written(events))
    data[HEADER + int(place * (len(data) - HEADER - 1))] = value
    records, read = fetched(FastPartitionRecords, bytes(data), check_crcs=False), []
    with suppress(UnreadableError):
        while records:
            read += records.take()
    assert len(read) <= len(events)


def in_the_log(events: Any, *, base: int, compression: int = PLAIN) -> bytes:
    """Return a batch as a broker stores it: it has its offset, of which the checksum knows nothing."""
    return base.to_bytes(8, "big") + written(events, compression=compression)[8:]


def sealed(data: bytearray) -> bytes:
    """Return a batch with the checksum that its bytes ask for, as a producer with a fault would send it."""
    data[17:21] = calc_crc32c(memoryview(data)[21:]).to_bytes(4, "big")
    return bytes(data)
