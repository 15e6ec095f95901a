"""Small streams that other projects were reported to misread, each with what is right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from tests.end_to_end.small_run import SmallRun, json_lines

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

START = 1_735_689_600
"""The first of January 2025."""
Run = "Callable[..., SmallRun]"


@pytest.fixture
def run(launcher: Launcher, tmp_path: Path) -> Callable[..., SmallRun]:
    """Run a decoder over some files."""

    def of(decoder: str, sections: str = "", **files: bytes) -> SmallRun:
        named = {name.replace("_", "."): content for name, content in files.items()}
        return SmallRun(launcher, tmp_path, decoder=decoder, files=named, sections=sections).run()

    return of


def test_columns_are_matched_by_name_in_every_file(run: Callable[..., SmallRun]) -> None:
    ran = run(
        "{type: csv, header: true, label: state}",
        f1_csv=b"temp,pressure,state\n10,1,good\n11,2,good\n12,3,worn\n",
        f2_csv=b"pressure,temp,state\n4,13,good\n5,14,worn\n6,15,worn\n",
        f3_csv=b"site,pressure,state,temp\nx,7,good,16\n",
        f4_csv=b"17,8,good\n",
    )
    assert (ran.code, ran.names, ran.dead) == (0, ["temp", "pressure"], [])
    assert ran.rows == [[10, 1], [11, 2], [12, 3], [13, 4], [14, 5], [15, 6], [16, 7], [17, 8]]


def test_a_file_whose_header_names_other_columns_is_not_read_by_their_places(run: Callable[..., SmallRun]) -> None:
    ran = run(
        "{type: csv, header: true, label: state, missing: last}",
        f1_csv=b"temp,pressure,state\n10,1,good\n11,2,worn\n",
        f2_csv=b"druck,temperatur,zustand\n4,13,good\n5,14,worn\n",
        f3_csv=b"temp,state\n12,good\n",
    )
    assert (ran.code, ran.rows) == (0, [[10, 1], [11, 2], [12, 2]])
    assert [letter["reason"] for letter in ran.dead] == ["missing_field"] * 2


def test_a_gap_is_filled_from_accepted_events_of_the_same_key(run: Callable[..., SmallRun]) -> None:
    events: list[dict[str, Any]] = [
        {"device": "fridge", "temp": 4, "flow": 2, "state": "off"},
        {"device": "boiler", "temp": 80, "flow": 1, "state": "on"},
        {"device": "fridge", "temp": 99, "flow": 2, "state": None},
        {"device": "fridge", "flow": 2, "state": "off"},
        {"device": "fridge", "temp": 5, "flow": 2, "state": "off"},
    ]
    ran = run(
        "{type: json, label: state, key: device, features: [temp, flow], missing: last}",
        "features: {per_key: true, lags: [{field: temp}]}",
        in_jsonl=json_lines(events),
    )
    assert ran.rows == [[4, 2, 0], [80, 1, 0], [4, 2, 4], [5, 2, 4]]
    [rejected] = ran.said("event rejected: missing_label")
    assert "in[0] offset 2" in rejected["first"]


def test_the_first_events_together_show_the_fields(run: Callable[..., SmallRun]) -> None:
    events: list[dict[str, Any]] = [
        {"hum": 50, "alarm": "no"},
        *({"temp": 15 + n, "hum": 50 + n, "alarm": "no"} for n in range(40)),
        {"temp": 15, "hum": 50, "volt": 1, "alarm": "yes"},
        *({"temp": 15 + n, "hum": 50 + n, "co": n, "alarm": "yes"} for n in range(4)),
    ]
    ran = run("{type: json, label: alarm, missing: last}", in_jsonl=json_lines(events))
    assert (ran.names, len(ran.rows), ran.rows[0]) == (["temp", "hum"], 46, [0, 50])
    assert ran.said("features taken")[0]["features"] == ["temp", "hum"]
    [warned] = ran.said("fields left out")
    assert warned["fields"].keys() == {"volt", "co"}
    assert all("later events" in why for why in warned["fields"].values())


KLINES = json_lines(
    {
        "E": 1_760_000_000_000 + 60_000 * n,
        "k": {"o": f"{n},10", "c": f"1.0{n:02},20", "n": n},
        "acc": [n, 9.8],
        "move": "down" if n % 2 else "up",
    }
    for n in range(10)
)


def test_numbers_written_as_text_are_named_as_left_out(run: Callable[..., SmallRun]) -> None:
    ran = run("{type: json, label: move, decimal: ','}", in_jsonl=KLINES)
    [warned] = ran.said("fields left out")
    assert ran.names == ["E", "k.n"]
    assert "numbers: text" in warned["fields"]["k.o"]
    assert "acc.0" in warned["fields"]["acc"]


@pytest.mark.parametrize(
    ("option", "names"),
    [("numbers: text", ["E", "k.o", "k.c", "k.n"]), ("features: [k.o, k.c, acc.1]", ["k.o", "k.c", "acc.1"])],
)
def test_numbers_written_as_text_are_read_by_the_declared_separators(
    run: Callable[..., SmallRun], option: str, names: list[str]
) -> None:
    ran = run(f"{{type: json, label: move, decimal: ',', thousands: '.', {option}}}", in_jsonl=KLINES)
    rows = np.array(ran.rows)
    assert ran.names == names
    np.testing.assert_allclose(rows[:, names.index("k.o")], np.arange(10) + 0.1, rtol=1e-6)
    np.testing.assert_allclose(rows[:, names.index("k.c")], np.arange(10) + 1000.2, rtol=1e-6)


def _bands(level: int, *, rows: int) -> bytes:
    chance = np.random.default_rng(5)
    steps = chance.choice([-40, -30, -20, -10, 10, 20, 30, 40], size=rows).tolist()
    return json_lines({"meter": level + step, "band": "high" if step > 0 else "low"} for step in steps)


def test_a_meter_far_from_zero_is_learned_as_well_as_one_near_it(run: Callable[..., SmallRun]) -> None:
    ran = run("{type: json, label: band}", in_jsonl=_bands(1_760_000_000, rows=2_000))
    assert ran.accuracy(after=1_000) > 0.98


def test_a_number_far_from_zero_is_predicted_and_comes_out_as_it_went_in(run: Callable[..., SmallRun]) -> None:
    chance = np.random.default_rng(6)
    x = chance.uniform(-1, 1, size=2_000).round(3).tolist()
    labels = [1_760_000_000.25 + 40 * each for each in x]
    ran = run(
        "{type: json, label: y, features: [x]}",
        "{label: {type: number}, features: {label_lags: 1}, optimizer: {type: sgd, lr: 0.05}}",
        in_jsonl=json_lines({"x": each, "y": label} for each, label in zip(x, labels, strict=True)),
    )
    said = ran.predictions
    assert [line["label"] for line in said] == labels
    errors = [abs(line["prediction"] - line["label"]) for line in said[1_000:]]
    assert np.mean(errors) < 4


def test_identities_beyond_64_bits_are_exact(run: Callable[..., SmallRun]) -> None:
    lines = [
        b'{"iccid": 8949020000123456789%d, "load": %d, "plan": 8949020000999999999%d}\n' % (n % 2, load, n % 2)
        for n, load in enumerate([0, 101, 2, 103, 4, 105])
    ]
    ran = run(
        "{type: json, label: plan, key: iccid, task: iccid, features: [load]}",
        "{features: {per_key: true, lags: [{field: load}]}, tasks: {type: field}}",
        in_jsonl=b"".join(lines),
    )
    assert ran.classes == ["89490200009999999990", "89490200009999999991"]
    assert ran.tasks == ["89490200001234567890", "89490200001234567891"]
    assert [row[1] for row in ran.rows] == [0, 0, 0, 101, 2, 103]
    assert {line["label"] for line in ran.predictions} == set(ran.classes)


SPELLED = b"".join(
    b'{"device": %b, "x": %d, "y": %b}\n' % (text, n, text)
    for n, text in enumerate(
        [b"7", b"7.0", b"70e-1", b'"7"', b"7.000", b"2.5", b"2.50", b"100000000000000000000", b"1e20"]
    )
)
COLUMNS = b"device,x,y\n7,0,7\n7.0,1,7.0\n007,2,007\n2.5,3,2.5\n"


@pytest.mark.parametrize(
    ("decoder", "stream", "names", "lags"),
    [
        ("json", SPELLED, ["7", "2.5", "100000000000000000000"], [0, 0, 1, 2, 3, 0, 5, 0, 7]),
        ("csv, header: true", COLUMNS, ["7", "007", "2.5"], [0, 0, 0, 0]),
    ],
)
def test_a_number_is_one_key_task_and_class_however_it_is_spelled(
    run: Callable[..., SmallRun], decoder: str, stream: bytes, names: list[str], lags: list[int]
) -> None:
    ran = run(
        f"{{type: {decoder}, label: y, task: device, key: device, features: [x]}}",
        "{tasks: {type: field}, features: {per_key: true, lags: [{field: x}]}}",
        in_txt=stream,
    )
    assert (ran.tasks, ran.classes) == (names, names)
    assert [row[1] for row in ran.rows] == lags


def test_markers_and_ranges_are_gaps_and_an_empty_cell_always_is(run: Callable[..., SmallRun]) -> None:
    ran = run(
        "{type: csv, header: true, label: grade, null_values: ['-200', NA], missing: last,"
        " fields: {temp: {range: [-40, 125], null_values: [85]}}}",
        in_csv=b"co,temp,grade\n1.0,20,bad\n-200,21,fair\n2.0,,bad\n-200.0,999,fair\nNA,85,fair\n3.0,-40,fair\n",
    )
    assert ran.rows == [[1, 20], [1, 21], [2, 21], [2, 21], [2, 21], [3, -40]]


def test_markers_of_numbers_exist_in_json_too(run: Callable[..., SmallRun]) -> None:
    events = [{"temp": temp, "y": "u"} for temp in (20, -9999, -9999.0, "NA", "-9999", "", 300, 21)]
    ran = run(
        "{type: json, label: y, null_values: ['NA', -9999], missing: last, fields: {temp: {range: [-40, 125]}}}",
        in_jsonl=json_lines(events),
    )
    assert (ran.dead, ran.rows) == ([], [[20]] * 7 + [[21]])


@pytest.mark.parametrize(
    ("unit", "factor", "meant"),
    [
        ("milliseconds", 1, "seconds"),
        ("seconds", 1_000, "milliseconds"),
        ("milliseconds", 1_000_000, "microseconds"),
        ("seconds", 1_000_000_000, "nanoseconds"),
    ],
)
def test_times_in_another_unit_are_rejected_with_the_right_one(
    run: Callable[..., SmallRun], unit: str, factor: int, meant: str
) -> None:
    events = [{"ts": (START + 864_000 * n) * factor, "load": n, "peak": "ab"[n % 2]} for n in range(20)]
    ran = run(
        f"{{type: json, label: peak, time: ts, time_unit: {unit}, features: [load]}}",
        "{features: {hour: true}, tasks: {type: schedule, every: 30d}}",
        in_jsonl=json_lines(events),
    )
    assert ran.code == 65
    assert {letter["reason"] for letter in ran.dead} == {"implausible_time"}
    assert f"set decoder.time_unit: {meant}" in ran.said("stopped")[-1]["reason"]


WRONG = np.random.default_rng(14).integers(1, 2**32, size=100).tolist()


@pytest.mark.parametrize("policy", ["reject", "clamp"])
def test_absurd_clocks_take_no_names_of_tasks(run: Callable[..., SmallRun], policy: str) -> None:
    hours = [START + 3_600 * n for n in range(24 * 25)]
    times = [WRONG[n // 6] if n % 6 == 5 else hour for n, hour in enumerate(hours)]
    ran = run(
        f"{{type: json, label: y, time: ts, features: [x], implausible_time: {policy}}}",
        "tasks: {type: schedule, every: 1d}",
        in_jsonl=json_lines({"ts": time, "x": n, "y": "uv"[n % 2]} for n, time in enumerate(times)),
    )
    assert ran.tasks == [f"period-{day}" for day in range(25)]
    wrong = {n for n in range(len(times)) if n % 6 == 5}
    right = [line for line in ran.predictions if line["offset"] not in wrong]
    assert [line["task"] for line in right] == [f"period-{line['offset'] // 24}" for line in right]


def test_a_run_in_which_everything_is_rejected_says_why_and_fails(run: Callable[..., SmallRun]) -> None:
    lines = [f"2024-01-01;{n},{n};on" for n in range(400)]
    ran = run(
        "{type: csv, header: true, delimiter: ';', label: state, features: [power]}",
        in_csv="\n".join(["day;power;state", *lines]).encode(),
    )
    assert ran.code == 65
    reason = ran.said("stopped")[-1]["reason"]
    assert "400 of 400 events were rejected" in reason
    assert "decoder.decimal: ','" in reason
    assert "in[0] offset 1" in ran.said("event rejected: wrong_type at features")[0]["first"]


@pytest.mark.parametrize("part", ["10_20", "infinity", "nan", "１２", "1,5", "0x10", "1e", "1 2"])
def test_what_is_no_decimal_notation_is_text(run: Callable[..., SmallRun], part: str) -> None:
    lines = [f'"{part}",{n}.5,{"yn"[n % 2]}' for n in range(6)]
    ran = run("{type: csv, header: true, label: ok}", in_csv="\n".join(["part,weight,ok", *lines]).encode())
    assert (ran.names, len(ran.rows)) == (["weight"], 6)


def test_a_broken_sensor_is_forgotten(run: Callable[..., SmallRun]) -> None:
    chance = np.random.default_rng(13)
    temps = chance.normal(20, 5, size=6_000).round(2).tolist()
    events = [
        {"temp": -9999 if 2_000 <= n < 2_300 else temp, "state": "hot" if temp > 20 else "cool"}
        for n, temp in enumerate(temps)
    ]
    ran = run("{type: json, label: state, missing: last}", in_jsonl=json_lines(events))
    assert ran.accuracy(after=4_000) > 0.95


def test_labels_that_differ_only_in_spaces_or_case_are_named(run: Callable[..., SmallRun]) -> None:
    events = [{"x": n, "y": label} for n, label in enumerate(["open", "Open ", "shut", "zu"])]
    ran = run("{type: json, label: y}", in_jsonl=json_lines(events))
    [warned] = ran.said("two labels differ only in spaces or case")
    assert (warned["label"], warned["other"], ran.classes) == ("Open ", "open", ["open", "Open ", "shut", "zu"])


def test_labels_are_trimmed_and_mapped_as_declared(run: Callable[..., SmallRun]) -> None:
    events = [{"x": n, "y": label} for n, label in enumerate(["open", "Open ", " shut", "zu", 1])]
    ran = run(
        "{type: json, label: y}",
        "label: {type: class, trim: true, map: {Open: open, zu: shut, '1': open}}",
        in_jsonl=json_lines(events),
    )
    assert (ran.classes, ran.said("two labels")) == (["open", "shut"], [])


def test_more_keys_than_are_remembered_are_told(run: Callable[..., SmallRun]) -> None:
    events = [{"k": f"k{n % 5}", "x": n, "y": "uv"[n % 2]} for n in range(20)]
    ran = run(
        "{type: json, label: y, key: k, features: [x]}",
        "features: {per_key: true, max_keys: 3, lags: [{field: x}]}",
        in_jsonl=json_lines(events),
    )
    [warned] = ran.said("more keys than features.max_keys")
    assert warned["max_keys"] == 3
