"""Nothing that a producer can write ends or stalls the daemon: records and batches that a broker takes."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import TYPE_CHECKING

import lz4.frame
import snappy
import zstandard
from kafka import KafkaProducer

from connectors.kafka.client import TidyClient
from tests.end_to_end.plant import plant
from tests.end_to_end.small_plant import SmallPlant
from tests.kafka.bulk import load_batches
from tests.kafka.raw_batches import GZIP, LZ4, SNAPPY, ZSTD, raw_batch, raw_record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from connectors.record import Record
    from tests.end_to_end.launcher import Launcher
    from tests.kafka.cluster import Cluster

LARGEST = (1 << 63) - 1
ANY_TIME = {"message.timestamp.after.max.ms": str(LARGEST), "message.timestamp.before.max.ms": str(LARGEST)}
GOOD = next(plant(1))
BOMB_BYTES = 70_000_000
MANY = [(b"", None)] * 200_000
MEMORY_KIB = 1_500_000
"""What they may cost at most, at once: a million headers are the dearest, as objects, twice."""


def zstd(content: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(content)


def xerial(content: bytes) -> bytes:
    block = snappy.compress(content)
    return b"\x82SNAPPY\0" + bytes([0, 0, 0, 1] * 2) + len(block).to_bytes(4, "big") + block


def of(content: bytes, codec: int, compress: Callable[[bytes], bytes]) -> bytes:
    return raw_batch(content, codec=codec, compress=compress)


LEARNED = {
    "gzip in two members": of(raw_record(GOOD), GZIP, lambda c: gzip.compress(c[:9]) + gzip.compress(c[9:])),
    "gzip and something behind it": of(raw_record(GOOD), GZIP, lambda c: gzip.compress(c) + b"behind"),
    "lz4 and something behind it": of(raw_record(GOOD), LZ4, lambda c: lz4.frame.compress(c) + b"behind"),
    "zstd in two frames": of(raw_record(GOOD), ZSTD, lambda c: zstd(c[:9]) + zstd(c[9:])),
    "zstd and a frame to skip": of(raw_record(GOOD), ZSTD, lambda c: zstd(c) + b"\x50\x2a\x4d\x18\x01\0\0\0!"),
    "snappy as xerial writes it": of(raw_record(GOOD), SNAPPY, xerial),
    "snappy as it is": of(raw_record(GOOD), SNAPPY, snappy.compress),
    "no time": raw_batch(raw_record(GOOD), first_ms=-1),
    "before all time": raw_batch(raw_record(GOOD), first_ms=-(1 << 63)),
    "in the year 292277026596": raw_batch(raw_record(GOOD), first_ms=LARGEST),
    "after all time": raw_batch(raw_record(GOOD, after_ms=LARGEST), first_ms=LARGEST),
    "headers that are no text": raw_batch(raw_record(GOOD, headers=[(b"\xff\xfe", b"\xff"), (b"", None)] * 3)),
    "ten thousand headers": raw_batch(raw_record(GOOD, headers=[(b"h", b"v")] * 10_000)),
    "two hundred thousand headers": of(raw_record(GOOD, headers=MANY), ZSTD, zstd),
    "an empty key": raw_batch(raw_record(GOOD, key=b"")),
    "a large key": raw_batch(raw_record(GOOD, key=b"k" * 900_000)),
    "an attribute that nobody knows": raw_batch(raw_record(GOOD), codec=0x80),
}
REJECTED = {
    "nothing": raw_batch(raw_record(None)),
    "no bytes": raw_batch(raw_record(b"")),
    "two hundred thousand headers, and junk": of(raw_record(b"\xff", headers=MANY), ZSTD, zstd),
    "70 MB in two kilobytes": of(raw_record(b"\0" * BOMB_BYTES), ZSTD, zstd),
    "an offset far behind its place": raw_batch(raw_record(GOOD, at=1_000_000)),
    "an offset before its place": raw_batch(raw_record(GOOD, at=-3)),
    "an offset twice": raw_batch(raw_record(GOOD), raw_record(GOOD)),
    "two million headers": of(raw_record(GOOD, headers=MANY * 11), ZSTD, zstd),
}


def test_whatever_a_broker_takes_is_learned_or_rejected_and_what_follows_is_learned(
    broker: Cluster, topic: str, launcher: Launcher, tmp_path: Path
) -> None:
    odd = broker.create_topic(f"{topic}-odd", config=ANY_TIME)
    broker.produce(odd, plant(20))
    load_batches(broker.bootstrap, odd, [*LEARNED.values(), *REJECTED.values()])
    write_in_transactions(broker, odd, [next(plant(1))] * 2)
    broker.produce(odd, plant(20))
    dead = f'dead_letters: {{type: kafka, bootstrap_servers: "{broker.bootstrap}", topic: {topic}}}'
    made = SmallPlant(launcher, tmp_path / "plant", bootstrap=broker.bootstrap, topic=odd, sections=dead, every=10)
    learned = 20 + len(LEARNED) + 1 + 20
    with made.live() as daemon:
        daemon.until(lambda: daemon.metric("process_resident_memory_bytes") > 0)
        before = peak_kib(daemon.pid)
        daemon.until_events(learned)
        daemon.until(lambda: daemon.metric("dead_letters_total") == len(REJECTED))
        assert daemon.metric("partition_lag") == 0
        assert daemon.get("/readyz")[0] == 200, daemon.get("/readyz")
        assert peak_kib(daemon.pid) - before < MEMORY_KIB
        daemon.until(lambda: len(letters(broker, topic)) == len(REJECTED))
        assert daemon.stop() == 0, daemon.log
    assert len(made.learned()) == len(set(made.learned())) == learned
    broker.delete_topic(odd)


def peak_kib(pid: int) -> int:
    """Return the most memory that a process has had so far."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def letters(broker: Cluster, topic: str) -> list[Record]:
    return broker.read_all(topic, isolation_level="read_committed")


def write_in_transactions(broker: Cluster, topic: str, events: Sequence[bytes]) -> None:
    """Write the first event in a transaction that is aborted, the others in one that is committed."""
    producer = KafkaProducer(
        bootstrap_servers=broker.bootstrap, kafka_client=TidyClient, transactional_id=f"{topic}-writer"
    )
    producer.init_transactions()
    producer.begin_transaction()
    producer.send(topic, events[0])
    producer.flush()
    producer.abort_transaction()
    producer.begin_transaction()
    for event in events[1:]:
        producer.send(topic, event)
    producer.commit_transaction()
    producer.close()
