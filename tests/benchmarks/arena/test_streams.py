from __future__ import annotations

import gzip
from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.arena.streams import STREAMS
from benchmarks.literature.data_files import DamagedDataError, MissingDataError

if TYPE_CHECKING:
    from pathlib import Path

HOURS = 40


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    (tmp_path / "tabular").mkdir()
    x = np.arange(60, dtype=np.float32).reshape(20, 3)
    np.savez(tmp_path / "tabular" / "shuttle.npz", X=x, y=np.array([1, 4] * 10))
    np.savez(tmp_path / "tabular" / "MetroTraffic.npz", X=x, y=x[:, 0])
    (tmp_path / "ett").mkdir()
    lines = [f"2016-07-{1 + hour // 24:02d} {hour % 24:02d}:00:00,1,2,3,4,5,6,{hour}.5" for hour in range(HOURS)]
    with gzip.open(tmp_path / "ett" / "ETTh1.csv.gz", "wt") as file:
        file.write("date,HUFL,HULL,MUFL,MULL,LUFL,LULL,OT\n" + "\n".join(lines))
    return tmp_path


def test_a_table_keeps_its_order_and_its_labels_get_names(tables: Path) -> None:
    table = STREAMS["shuttle"].read(tables, limit=5, seed=0)
    assert len(table) == 5
    assert table.classes == ("1", "4")
    assert table.y.tolist() == [0, 1, 0, 1, 0]
    assert table.row(table.x[1]) == {"column_0": 3, "column_1": 4, "column_2": 5}


def test_the_label_of_a_number_is_a_number(tables: Path) -> None:
    table = STREAMS["metro"].read(tables, limit=50, seed=0)
    assert table.y.tolist() == [3.0 * row for row in range(20)]
    assert not table.classes


@pytest.mark.parametrize(("name", "ahead"), [("ett-1", 1), ("ett-24", 24)])
def test_the_temperature_to_come_is_the_label(name: str, ahead: int, tables: Path) -> None:
    table = STREAMS[name].read(tables, limit=1_000, seed=0)
    assert len(table) == HOURS - ahead
    assert (table.y - table.x[:, table.names.index("OT")]).tolist() == [ahead] * len(table)
    assert table.x[6, table.names.index("hour_sin")] == pytest.approx(1)


def test_elec2_has_its_six_raw_fields(streams: Path) -> None:
    table = STREAMS["elec2"].read(streams, limit=30, seed=0)
    assert table.names == ("period", "nswprice", "nswdemand", "vicprice", "vicdemand", "transfer")
    assert len(table) == 30


def test_gas_is_shuffled_by_the_seed_within_its_batches_which_are_tasks(streams: Path) -> None:
    one, same, other = (STREAMS["gas"].read(streams, limit=10_000, seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(one.x, same.x)
    assert not np.array_equal(one.x, other.x)
    assert [task.name for task in one.tasks][:2] == ["batch-1", "batch-2"]
    assert one.tasks[-1].stop == len(one)
    learned = {tuple(row) for row in one.x.tolist()}
    assert not any(tuple(row) in learned for task in one.tasks for row in task.held_out.x.astype(float).tolist())


def test_the_bars_of_fx_come_instrument_after_instrument_which_is_their_key(streams: Path) -> None:
    table = STREAMS["fx"].read(streams, limit=30, seed=0)
    assert table.names == ("range", "body", "volume", "usual")
    assert table.key_codes.tolist() == [0] * 10 + [1] * 10 + [2] * 10


@pytest.mark.parametrize("name", ["covertype", "ett-1", "elec2"])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="--data"):
        STREAMS[name].read(tmp_path, limit=10, seed=0)


@pytest.mark.parametrize(("name", "file"), [("shuttle", "tabular/shuttle.npz"), ("ett-1", "ett/ETTh1.csv.gz")])
def test_a_damaged_file_is_named(name: str, file: str, tables: Path) -> None:
    (tables / file).write_bytes(b"PK\x03\x04 no more")
    with pytest.raises(DamagedDataError, match="load it anew"):
        STREAMS[name].read(tables, limit=10, seed=0)


@pytest.mark.parametrize("name", [name for name, stream in STREAMS.items() if stream.is_open])
def test_a_stream_that_needs_no_file_is_the_same_each_time_and_of_the_classes_that_it_says(
    name: str, tmp_path: Path
) -> None:
    one, again = (STREAMS[name].read(tmp_path, limit=100, seed=seed) for seed in (0, 1))
    assert len(one) == 100
    assert len(one.classes) == STREAMS[name].classes
    assert one.x.tobytes() == again.x.tobytes()
    assert one.y.tolist() == again.y.tolist()
    assert np.isfinite(one.x).all()
