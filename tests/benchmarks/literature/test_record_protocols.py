"""The market and the bars: every event once, in order, with a label that nothing before it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.data_files import DamagedDataError
from benchmarks.literature.electricity_market import read_electricity
from benchmarks.literature.hourly_bars import INSTRUMENTS, TRAILING_HOURS, read_bars
from tests.benchmarks.literature.stream_files import BARS, HALF_HOURS, bars, write_bars, write_electricity

if TYPE_CHECKING:
    from pathlib import Path

KNOWN = BARS - TRAILING_HOURS - 1
"""Bars that have 480 before them and one after."""


def events_of(name: str, data: Path, *, validate: bool = False) -> list[dict[str, Any]]:
    stream = PROTOCOLS[name]().stream(data, seed=0, validate=validate)
    records = [record for chunk in stream.chunks() for record in chunk.records]
    assert len(records) == stream.events
    assert [record.offset for record in records] == list(range(len(records)))
    return [orjson.loads(record.value or b"") for record in records]


def test_every_half_hour_comes_once_in_order(streams: Path) -> None:
    events = events_of("elec2", streams)
    assert len(events) == HALF_HOURS
    assert [event["class"] for event in events] == ["UP" if e["nswprice"] > 0 else "DOWN" for e in events]
    assert [event["nswprice"] for event in events] == [round(float(np.sin(n / 9)), 6) for n in range(HALF_HOURS)]
    times = [record.timestamp for record in read_electricity(streams)]
    assert set(np.diff(times)) == {1_800_000}


def test_instruments_come_one_after_another(streams: Path) -> None:
    events = events_of("fx", streams)
    assert [event["instrument"] for event in events] == [name for name in INSTRUMENTS for _ in range(KNOWN)]


@pytest.mark.parametrize("name", ["elec2", "fx"])
def test_to_validate_the_first_half_stands_for_all(name: str, streams: Path) -> None:
    whole, half = events_of(name, streams), events_of(name, streams, validate=True)
    if name == "elec2":
        assert half == whole[: HALF_HOURS // 2]
    else:
        parts = [whole[start : start + KNOWN // 2] for start in range(0, len(whole), KNOWN)]
        assert half == [event for part in parts for event in part]


def test_a_bar_is_lively_if_the_next_one_moves_more_than_usual(streams: Path) -> None:
    closes = np.array([float(line.split(",")[4]) for line in bars(seed=0)[1:]])
    moves = np.diff(np.log(closes))
    for number, bar in enumerate(read_bars(streams, "USDCHF"), start=TRAILING_HOURS):
        usual = np.median(np.abs(moves[number - TRAILING_HOURS : number]))
        assert bar.event["usual"] == pytest.approx(1e4 * usual)
        assert bar.event["next_hour"] == ("lively" if abs(moves[number]) > usual else "calm")
        assert bar.event["next_move"] == ("up" if moves[number] > 0 else "down")


@pytest.mark.parametrize("changed", [TRAILING_HOURS + 20, BARS - 2])
def test_no_bar_knows_of_a_later_one_but_for_its_label(changed: int, streams: Path, tmp_path: Path) -> None:
    lines = bars(seed=0)
    cells = lines[changed + 1].split(",")
    lines[changed + 1] = ",".join([cells[0], *[f"{2 * float(cell)}" for cell in cells[1:]]])
    write_bars(tmp_path, "USDCHF", lines)
    before, after = (list(read_bars(data, "USDCHF")) for data in (streams, tmp_path))
    place = changed - TRAILING_HOURS
    labels = {"next_hour", "next_move"}
    for number in range(place):
        told = [{k: v for k, v in bar[number].event.items() if k not in labels} for bar in (before, after)]
        assert told[0] == told[1]
        if number < place - 1:
            assert before[number] == after[number]
    assert before[place].event["range"] == pytest.approx(after[place].event["range"])
    assert before[place].event["volume"] != after[place].event["volume"]


@pytest.mark.parametrize("content", [b"", b"not gzip"])
def test_damaged_files_are_named(content: bytes, tmp_path: Path) -> None:
    write_electricity(tmp_path)
    write_bars(tmp_path, "USDJPY", ["Date,open", "2012-11-01 00:00:00,x", "2012-11-01 01:00:00,x"])
    (tmp_path / "elec2" / "elec.csv.gz").write_bytes(content or b"\x1f\x8b")
    with pytest.raises(DamagedDataError, match=r"elec\.csv\.gz cannot be read"):
        read_electricity(tmp_path)
    with pytest.raises(DamagedDataError, match=r"USDJPYh1\.csv\.gz cannot be read"):
        list(read_bars(tmp_path, "USDJPY"))
