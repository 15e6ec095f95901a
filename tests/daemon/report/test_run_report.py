"""Reports of what a run has left, whole or not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.report.run_record import read_run
from daemon.report.stream_charts import stream_charts
from daemon.service import Service
from daemon.state.checkpoints import CheckpointStore
from daemon.state.history_file import HISTORY
from daemon.telemetry.history.flow import Stretch
from tests.daemon.event_stream import Stretch as Task
from tests.daemon.event_stream import events, json_lines
from tests.daemon.lives import small_config

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    (tmp_path / "stream.jsonl").write_bytes(json_lines([Task("P", 300), Task("Q", 300)]))
    run(tmp_path)
    return tmp_path


def run(directory: Path, **sections: Any) -> None:
    source = {"type": "file", "path": str(directory / "stream.jsonl")}
    with Service(small_config(directory, source=source, http={"port": 0}, **sections)) as service:
        service.run(stop=lambda: False)


def history(directory: Path) -> Path:
    store = CheckpointStore(directory, keep=1)
    return store.path(store.generations()[-1]) / HISTORY


def report(directory: Path) -> tuple[str, str]:
    """The page and what was said on standard error."""
    output = directory / "report.html"
    result = CliRunner().invoke(app, ["report", str(directory), "--output", str(output)])
    assert result.exit_code == 0
    return output.read_text(), result.stderr


def test_the_points_between_boundaries_are_in_it(directory: Path) -> None:
    record = read_run(directory)
    for learner in record.learners:
        boundaries = {row.events for row in learner.boundaries}
        assert len({point.events for point in learner.curve} - boundaries) > len(boundaries)
    html, said = report(directory)
    assert said == ""
    assert "Every evaluation is drawn" in html
    assert {"Memory of the past", "Events of note"} <= {*re.findall("<h2>(.*?)</h2>", html)}


def test_a_checkpoint_of_an_earlier_version_tells_what_it_can(directory: Path) -> None:
    history(directory).unlink()
    main = read_run(directory).learners[0]
    assert [point.events for point in main.curve] == [*(row.events for row in main.boundaries), 600]
    html, said = report(directory)
    assert said == ""
    assert "written by a version that kept none" in html
    assert "what was between is not in this checkpoint" in html


def test_a_damaged_history_is_told_of_and_the_rest_is_there(directory: Path) -> None:
    path = history(directory)
    path.write_bytes(path.read_bytes()[:-20])
    html, said = report(directory)
    assert f"run history ignored: {path} does not match its own checksum" in said
    assert "does not match its own checksum" in html
    assert "Retention matrix" in html


def test_scores_of_a_number_to_predict_are_no_percentages(tmp_path: Path) -> None:
    lines = events([Task("P", 300), Task("Q", 300)], seed=1, regression=True)
    (tmp_path / "stream.jsonl").write_bytes(b"".join((event.value or b"") + b"\n" for event in lines))
    run(tmp_path, label={"type": "number"})
    html, _ = report(tmp_path)
    figures = html[html.index("<h2>Figures") : html.index("<h2>What the model still knows")]
    assert "%" not in figures
    assert re.search(r">−?\d\.\d\d<", figures)


def test_the_curve_ends_with_the_figures(directory: Path) -> None:
    record = read_run(directory)
    for learner in record.learners:
        now = {task: of.now for task, of in learner.figures.tasks.items()}
        last = {task: learner.curve[-1].scores[task] for task in now}
        assert last == pytest.approx(now, abs=1e-4, nan_ok=True)
        assert np.diff([point.events for point in learner.curve]).min() >= 0


def test_the_stream_has_gaps_where_no_daemon_ran_and_no_rate_where_none_is_known() -> None:
    stretches = [
        Stretch(start=0.0, stop=10.0, seconds=10.0, events=100, lag=5),
        Stretch(start=10.0, stop=20.0, seconds=10.0, events=300, lag=None),
        Stretch(start=500.0, stop=520.0, seconds=20.0, events=0, lag=7),
    ]
    shown = stream_charts(stretches)
    assert "Events per second: 10 on average" in shown
    assert shown.count('class="flow"') == 2 + 2
    assert "<figcaption>Lag, records <b>7 at last" in shown
    unknown = [Stretch(start=0.0, stop=10.0, seconds=10.0, events=100, lag=None)]
    assert "Lag" not in stream_charts(unknown)
