"""What came of a run: the same figures at its end, and later from its checkpoint."""

from __future__ import annotations

import json
from io import StringIO
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from rich.console import Console
from typer.testing import CliRunner

from daemon.cli import app
from daemon.report.summary import RunSummary
from daemon.report.summary_tables import print_summary
from daemon.service import Service
from tests.daemon.event_stream import Stretch, json_lines
from tests.daemon.lives import small_config

if TYPE_CHECKING:
    from pathlib import Path

NUMBERS: dict[str, Any] = {
    "label": {"type": "number"},
    "decoder": {"type": "json", "label": "a", "task": "task", "missing": "mean"},
}


def learned(directory: Path, **sections: Any) -> RunSummary:
    """Let a daemon learn two tasks, with a line that is no event and one without a label among them."""
    lines = json_lines([Stretch("P", 200), Stretch("Q", 200)]).splitlines()
    lines[50:50] = [b"no event", b'{"a": 1, "task": "P"}']
    (directory / "stream.jsonl").write_bytes(b"\n".join(lines) + b"\n")
    source = {"type": "file", "path": str(directory / "stream.jsonl")}
    config = small_config(directory, source=source, http={"port": 0}, committee={}, **sections)
    with Service(config) as service:
        service.run(stop=lambda: False)
        return RunSummary.of_snapshot(service.loop.pipeline.snapshot(), rejected=service.rejects)


def printed(summary: RunSummary) -> str:
    out = StringIO()
    print_summary(summary, Console(file=out, width=120))
    return out.getvalue()


def test_it_says_what_was_rejected_who_was_how_good_and_what_is_still_known(tmp_path: Path) -> None:
    summary = learned(tmp_path)
    text = printed(summary)
    rejects = summary.rejected
    assert rejects["decode/undecodable"] == 1
    assert f"{summary.events} events predicted, then learned; {sum(rejects.values())} records rejected" in text
    assert "1 undecodable (decode)" in text
    for row in ("what is published (committee)", "the model alone", "naive: without", "the last label again"):
        assert row in text
    accuracy = summary.learners["committee"].total.accuracy
    assert accuracy is not None
    assert f"{100 * accuracy:.1f} %" in text
    balanced = summary.balanced_accuracy
    assert balanced is not None
    assert f"{100 * balanced:.1f} %" in text.split("balanced accuracy")[1].splitlines()[0]
    tasks = text.split("retention, on held-out events")[1]
    assert [line.split()[0] for line in tasks.splitlines()[1:]] == ["P", "Q"]


def test_numbers_have_their_errors_in_the_unit_of_the_label(tmp_path: Path) -> None:
    summary = learned(tmp_path, **NUMBERS)
    total, text = summary.learners["committee"].total, printed(summary)
    assert total.mae is not None
    assert total.rmse is not None
    for column in ("R²", "MAE", "RMSE"):
        assert column in text
    assert f"{total.mae:.4g}" in text
    assert f"{total.rmse:.4g}" in text
    assert summary.by_class == {}
    assert "balanced accuracy" not in text


@pytest.mark.parametrize("sections", [{}, NUMBERS], ids=["classes", "numbers"])
def test_the_checkpoint_tells_the_same_in_json(sections: dict[str, Any], tmp_path: Path) -> None:
    summary = learned(tmp_path, **sections)
    result = CliRunner().invoke(app, ["report", "--json", str(tmp_path)])
    assert result.exit_code == 0
    told = json.loads(result.stdout)
    assert told == json.loads(orjson.dumps(summary.json(), option=orjson.OPT_NON_STR_KEYS))
    assert told["published"] == "committee"
    assert told["rejected"]["total"] == sum(told["rejected"]["by_reason"].values()) > 0
    assert not list(tmp_path.glob("*.html"))


def test_where_everything_was_rejected_the_reasons_are_all_there_is() -> None:
    reasons = {"decode/undecodable": 30, "label/missing_label": 2}
    summary = RunSummary(events=0, rejected=reasons, learners={}, by_class={}, tasks={})
    assert printed(summary).splitlines() == [
        "0 events predicted, then learned; 32 records rejected",
        "  30 undecodable (decode)",
        "  2 missing_label (label)",
    ]
