"""Gas and activity: what is learned, what is held out, and in which order."""

from __future__ import annotations

import gzip
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.activity_windows import read_activity_windows
from benchmarks.literature.configuration import validated, written
from benchmarks.literature.data_files import DamagedDataError, MissingDataError
from benchmarks.literature.gas_batches import NUMBERS, read_gas_batches
from daemon.build.pipeline import build_intake, build_tasks
from tests.benchmarks.literature.stream_files import GAS_ROWS, PEOPLE, WINDOWS, write_gas

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.literature.protocol import Stream
    from connectors.record import LocalRecord

    Seen = set[tuple[bytes, int]]

NAMES = ("gas", "har")
TASKS = {
    "gas": [f"batch-{number}" for number in NUMBERS],
    "har": [f"person-{person:02}" for person in range(1, PEOPLE + 1)],
}


def stream_of(name: str, data: Path, *, seed: int = 0, validate: bool = False) -> Stream:
    return PROTOCOLS[name]().stream(data, seed=seed, validate=validate)


def records_of(stream: Stream) -> list[LocalRecord]:
    return [record for chunk in stream.chunks() for record in chunk.records]


def taken_in(name: str, records: list[LocalRecord]) -> Seen:
    """Rows and classes as the daemon's intake delivers them to the learner."""
    config = validated(written(PROTOCOLS[name], "naive", seed=0), name=name)
    arrivals, rejects = build_intake(config, tasks=build_tasks(config)).take(records)
    assert arrivals is not None
    assert not rejects
    assert not arrivals.held_out.any()
    return rows(arrivals.batch.x.numpy(), arrivals.batch.y.numpy())


def rows(x: np.ndarray, y: np.ndarray) -> Seen:
    return {(row.tobytes(), label) for row, label in zip(x, y.tolist(), strict=True)}


def held_out(name: str, stream: Stream) -> Seen:
    return set().union(*(rows(*stream.held_out(task)) for task in TASKS[name]))


def every_row(name: str, data: Path, stream: Stream) -> Seen:
    if name == "gas":
        batches = read_gas_batches(data)
        x, y = np.concatenate([b.x for b in batches]), np.concatenate([b.y for b in batches])
    else:
        x, y, _, _ = read_activity_windows(data)
    one = records_of(stream)[0]
    labels = validated(written(PROTOCOLS[name], "naive", seed=0), name=name).label.classes  # type: ignore[union-attr] # classes, not numbers
    assert labels is not None
    task = dict(one.headers)["task"]
    return taken_in(
        name,
        [
            one._replace(value=row.tobytes(), headers=[("label", labels[label].encode()), ("task", task)])
            for row, label in zip(x, y.tolist(), strict=True)
        ],
    )


@pytest.mark.parametrize("seed", [0, 1])
@pytest.mark.parametrize("name", NAMES)
def test_held_out_rows_are_as_the_intake_delivers_them_and_never_enter_the_stream(
    name: str, seed: int, streams: Path
) -> None:
    stream = stream_of(name, streams, seed=seed)
    test, learned = held_out(name, stream), taken_in(name, records_of(stream))
    every = every_row(name, streams, stream)
    assert test | learned <= every
    assert not test & learned
    assert len(test) == (8 * 6 * GAS_ROWS // 6 // 5 if name == "gas" else PEOPLE * 6 * WINDOWS // 5)
    # Of each activity one more window is lost, which overlaps the first that is held out.
    assert len(every - test - learned) == (0 if name == "gas" else PEOPLE * 6)


@pytest.mark.parametrize("name", NAMES)
def test_to_validate_only_learned_rows_are_evaluated_on_and_no_test_row_is_touched(
    name: str, streams: Path
) -> None:
    stream, inner = stream_of(name, streams), stream_of(name, streams, validate=True)
    test, learned = held_out(name, stream), taken_in(name, records_of(stream))
    inner_test, inner_learned = held_out(name, inner), taken_in(name, records_of(inner))
    assert inner_test
    assert inner_test | inner_learned <= learned
    assert not inner_test & inner_learned
    assert not test & (inner_test | inner_learned)


@pytest.mark.parametrize("name", NAMES)
def test_tasks_come_in_their_order_and_each_ends_once(name: str, streams: Path) -> None:
    ended, offsets = [], []
    for chunk in (stream := stream_of(name, streams)).chunks():
        (task,) = {dict(record.headers)["task"].decode() for record in chunk.records}
        assert task == TASKS[name][len(ended)]
        offsets += [record.offset for record in chunk.records]
        ended += [chunk.ends] if chunk.ends else []
    assert ended == TASKS[name]
    assert offsets == list(range(stream.events))


@pytest.mark.parametrize("name", NAMES)
def test_within_a_task_rows_are_shuffled_by_the_seed(name: str, streams: Path) -> None:
    first, again, other = (records_of(stream_of(name, streams, seed=seed)) for seed in (3, 3, 4))
    assert first == again
    assert first != other
    labels = [dict(record.headers)["label"] for record in first if dict(record.headers)["task"].endswith(b"1")]
    assert labels != sorted(labels)


@pytest.mark.parametrize("validate", [False, True])
def test_the_next_batch_is_all_that_is_read_of_it_as_the_intake_delivers_it(
    streams: Path, *, validate: bool
) -> None:
    stream = stream_of("gas", streams, validate=validate)
    for task, expected in pairwise(TASKS["gas"]):
        follows = stream.ahead(task)
        assert follows is not None
        assert follows[0] == expected
        records = [r for r in records_of(stream) if dict(r.headers)["task"].decode() == expected]
        assert rows(*follows[1]) == taken_in("gas", records) | rows(*stream.held_out(expected))
    assert stream.ahead(TASKS["gas"][-1]) is None
    assert stream_of("har", streams).ahead("person-01") is None


def test_a_sample_of_the_held_out_rows_is_a_part_of_them(streams: Path) -> None:
    stream = stream_of("har", streams)
    whole, some = (rows(*stream.held_out("person-01", rows=count)) for count in (None, 4))
    assert len(some) == 4
    assert some < whole


def test_a_missing_batch_is_named(tmp_path: Path) -> None:
    write_gas(tmp_path)
    (tmp_path / "gas_drift_partial" / "batch5.dat.gz").unlink()
    with pytest.raises(MissingDataError, match=r"batch5\.dat\.gz is missing"):
        read_gas_batches(tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"not gzip", gzip.compress(b"1;10.0 1:2.0 2:x"), gzip.compress(b"1;1 1:2.0")],
    ids=["not gzip", "not a number", "too few columns"],
)
def test_a_damaged_batch_is_named(content: bytes, tmp_path: Path) -> None:
    write_gas(tmp_path)
    (tmp_path / "gas_drift_partial" / "batch2.dat.gz").write_bytes(content)
    with pytest.raises(DamagedDataError, match=r"batch2\.dat\.gz cannot be read"):
        read_gas_batches(tmp_path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 not a zip"])
def test_a_damaged_file_of_windows_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "uci_har").mkdir()
    (tmp_path / "uci_har" / "uci_har_inertial_ordered.npz").write_bytes(content)
    with pytest.raises(DamagedDataError, match=r"ordered\.npz cannot be read"):
        read_activity_windows(tmp_path)


def test_windows_with_pickled_objects_are_refused(tmp_path: Path) -> None:
    (tmp_path / "uci_har").mkdir()
    np.savez(tmp_path / "uci_har" / "uci_har_inertial_ordered.npz", x=np.array([{}], dtype=object))
    with pytest.raises(DamagedDataError):
        read_activity_windows(tmp_path)
