"""Reports of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.results import Results
from benchmarks.report.bench_report import bench_report
from benchmarks.report.prequential_chart import prequential_chart
from tests.benchmarks.report.results_file import PROTOCOL, results_file

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.literature.outcome import Outcome


@pytest.fixture
def outcomes(tmp_path: Path) -> list[Outcome]:
    return Results(results_file(tmp_path / "results.json")).all()


def test_the_course_over_the_stream_is_drawn_for_every_setting(outcomes: list[Outcome]) -> None:
    html = bench_report(outcomes, made="")
    first, second = list(PROTOCOLS[PROTOCOL].settings)[:2]
    assert f"Accuracy on arrival over 4,000 events; at last {first} 60.0 %, {second} 95.0 %" in html
    assert html.count('class="line ') == 2


def test_a_line_is_the_mean_over_seeds_where_all_have_a_score(outcomes: list[Outcome]) -> None:
    one = outcomes[0].model_copy(update={"course": [(10, 0.2), (20, None), (30, 0.6), (40, 0.5)]})
    other = outcomes[0].model_copy(update={"seed": 1, "course": [(10, 0.4), (20, 0.9), (30, 0.8)]})
    drawn = prequential_chart({"naive": [one, other]})
    assert drawn is not None
    assert "over 30 events; at last naive 70.0 %" in drawn
    assert drawn.count("L") == 1


def test_without_a_course_there_is_no_picture(outcomes: list[Outcome]) -> None:
    assert prequential_chart({"naive": [outcomes[0].model_copy(update={"course": []})]}) is None
