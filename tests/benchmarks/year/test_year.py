"""`python -m benchmarks year`: a year that is learned, written down, interrupted and shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.literature.run import StoppedError
from benchmarks.year.log import YearLog, YearLogError
from benchmarks.year.records import records
from benchmarks.year.runner import Run
from benchmarks.year.simulator import Simulator
from benchmarks.year.variants import DEFAULT, VARIANTS, configuration, written
from connectors.decoders.json import JsonDecoder, JsonOptions

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

EVENTS = 20_000
SHORT = {"events": 2_000, "days": 21.0}


def year(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["year", "--out", str(folder), *arguments])


@pytest.fixture(scope="module")
def learned(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a whole year in twenty thousand events, learned without a committee."""
    folder = tmp_path_factory.mktemp("year")
    result = year(folder, "--events", str(EVENTS), "--variants", "alone")
    assert result.exit_code == 0, result.output
    return folder


def test_a_year_is_written_down_week_by_week(learned: Path) -> None:
    setting, points = YearLog(learned, "alone").read()
    hits = YearLog(learned, "alone").hits()
    assert (setting.events, setting.days, setting.variant) == (EVENTS, 365.0, "alone")
    assert setting.configuration["committee"] is None
    assert [point.week for point in points] == list(range(53))
    assert len(hits) == points[-1].events == EVENTS
    assert sum(point.answers[1] for point in points) == hits.sum()
    assert all(sum(count[0] for count in point.products.values()) == point.answers[0] for point in points)
    assert all(point.on_arrival["main"] == point.answers for point in points)
    assert set(points[-1].kept) == {
        f"{age}-{sensors}" for age in ("day", "week", "month", "quarter") for sensors in ("then", "now")
    }
    assert points[-1].kept["day-then"]["main"] > 0.4
    assert hits[EVENTS // 2 :].mean() > 0.6


def test_tables_and_picture_are_of_all_that_is_there(learned: Path) -> None:
    before = (learned / "alone.jsonl").read_bytes()
    again = year(learned, "--events", str(EVENTS), "--variants", "alone")
    assert again.exit_code == 0, again.output
    assert (learned / "alone.jsonl").read_bytes() == before
    assert re.search(r"^\| alone \|( [\d.]+ \|){5} [\d,]+ \|$", again.stdout, re.MULTILINE)
    assert re.search(r"^\| unit \(3\) \|", again.stdout, re.MULTILINE)
    assert re.search(r"^\| alone, main \|( [\d.]+ \|){8}$", again.stdout, re.MULTILINE)
    assert (learned / "year.md").read_text() == again.stdout
    assert "new product: B-02" in (learned / "incidents.md").read_text()
    assert (learned / "year.png").read_bytes().startswith(b"\x89PNG")


def test_what_is_shown_without_a_run_names_the_command_that_prints_it(learned: Path) -> None:
    shown = year(learned, "--events", str(EVENTS), "--variants", "none")
    assert shown.exit_code == 0, shown.output
    assert shown.stdout.startswith("`python -m benchmarks year --events 20000 --variants alone`\n")


def test_nothing_is_shown_where_nothing_was_learned(tmp_path: Path) -> None:
    shown = year(tmp_path, "--variants", "none")
    assert (shown.exit_code, shown.stdout) == (0, "")


def test_other_events_in_the_same_folder_are_refused(learned: Path) -> None:
    result = year(learned, "--events", "3000", "--variants", "alone")
    assert result.exit_code == 74
    assert "another run of alone" in result.stderr


def test_a_run_that_was_interrupted_ends_as_one_that_was_not(tmp_path: Path) -> None:
    def pull_the_plug(done: int, _all: int) -> None:
        if done > SHORT["events"] * 0.8:
            raise StoppedError

    for name in ("whole", "cut"):
        (tmp_path / name).mkdir()
    simulator = Simulator(events=2_000, days=21.0)
    Run(DEFAULT, simulator, folder=tmp_path / "whole", clock=lambda: 0.0).run()
    with pytest.raises(StoppedError):
        Run(DEFAULT, simulator, folder=tmp_path / "cut", clock=lambda: 0.0).run(pull_the_plug)
    cut = YearLog(tmp_path / "cut", DEFAULT)
    assert len(cut.read()[1]) == 2
    Run(DEFAULT, simulator, folder=tmp_path / "cut", clock=lambda: 0.0).run()
    for name in ("default.jsonl", "default.hits"):
        assert (tmp_path / "cut" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert {"main", "committee"} == set(cut.read()[1][-1].kept["day-then"])


def test_a_folder_with_no_log_in_it_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "alone.jsonl").write_text("something else\n")
    with pytest.raises(YearLogError, match="name another folder with --out"):
        Run("alone", Simulator(events=2_000), folder=tmp_path)


@pytest.mark.parametrize("name", VARIANTS)
def test_every_variant_is_a_valid_file_and_changes_what_it_says(name: str) -> None:
    assert configuration(name, seed=1).seed == 1
    if name != DEFAULT:
        assert written(name, seed=1) != written(DEFAULT, seed=1)


def test_nothing_of_the_default_is_chosen_but_where_label_and_time_are() -> None:
    assert set(written(DEFAULT, seed=0)) == {
        "source", "decoder", "strategies", "predictions", "checkpoint", "seed",
    }  # fmt: skip
    assert configuration(DEFAULT, seed=0).committee is not None


def test_events_are_json_with_a_key_and_a_time_and_sensors_alone_are_features() -> None:
    simulator = Simulator(events=2_000)
    rows = simulator.rows(100, 110)
    found = records(rows, simulator.campaigns, start=100)
    decoded, rejects = JsonDecoder(JsonOptions(label="state", time="ts")).decode(found)
    assert not rejects
    assert [one.offset for one in found] == list(range(100, 110))
    assert decoded.x.tolist() == rows.readings.tolist()
    assert decoded.time.tolist() == pytest.approx([one.timestamp / 1000 for one in found], abs=0.01)
    assert {one.key for one in found} <= {b"machine-%d" % machine for machine in range(6)}


def test_a_misspelt_variant_is_answered_with_the_right_one(tmp_path: Path) -> None:
    result = year(tmp_path, "--variants", "alnoe")
    assert result.exit_code == 2
    assert "did you mean alone" in " ".join(result.stderr.replace("│", " ").split())
