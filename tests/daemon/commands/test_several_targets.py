"""What the commands make of a run with several targets: of one of them, by its name."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from daemon.cli import app
from daemon.process.exit_codes import ExitCode
from tests.daemon.state.test_golden import GOLDEN

if TYPE_CHECKING:
    from pathlib import Path

TARGET, OTHER, SIGN = "a+6", "b+40s:difference", "a+3:sign"


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a run that has come to the end of its stream."""
    folder = tmp_path / "run"
    shutil.copytree(GOLDEN / "targets-1" / "stream", folder)
    (folder / "end").rename(folder / "state")
    monkeypatch.chdir(folder)
    return folder


def said(*words: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, list(words))
    return ran.exit_code, ran.output


def test_an_export_is_of_the_target_that_is_named_and_predicts_what_that_is(run: Path) -> None:
    code, told = said("export", "-c", "retaind.yaml", "--to", "model.onnx")
    assert (code, told) == (
        ExitCode.USAGE,
        f"name one of the targets with --target; there are {TARGET}, {OTHER}, {SIGN}\n",
    )
    events = (run / "events.jsonl").read_text().splitlines()[:20]
    (run / "some.jsonl").write_text("\n".join(events) + "\n")
    for target, kinds in ((TARGET, {float}), (SIGN, {str})):
        model = f"{kinds}.onnx"
        code, told = said("export", "-c", "retaind.yaml", "--to", model, "--target", target)
        assert code == 0, told
        assert "the network, as the daemon says on" in told
        code, told = said("predict", "some.jsonl", "--model", model)
        assert code == 0, told
        assert {type(json.loads(line)["prediction"]) for line in told.splitlines()} == kinds
    code, told = said("export", "-c", "retaind.yaml", "--to", "weights.safetensors", "--target", OTHER)
    assert code == 0, told


def test_a_report_is_of_the_target_that_is_named(run: Path) -> None:
    code, told = said("report", "state", "--json")
    assert code == ExitCode.IO
    assert f"several targets: name one of the targets with --target; there are {TARGET}" in told
    code, told = said("report", "state", "--json", "--target", SIGN)
    assert code == 0, told
    figures = json.loads(told)
    assert figures["by_class"].keys() == {"up", "down"}
    assert figures["learners"]["main"]["prequential"]["rows"] > 150
    code, told = said("report", "state", "-c", "retaind.yaml", "--target", TARGET, "-o", "page.html")
    assert code == 0, told
    assert f"retaind: targets: {TARGET}" in (run / "page.html").read_text()


def test_the_end_of_a_stream_tells_of_every_target(run: Path) -> None:
    shutil.rmtree(run / "state")
    code, told = said("run", "-c", "retaind.yaml")
    assert code == 0, told
    assert [line for line in told.splitlines() if line.startswith("target ")] == [
        f"target {name}" for name in (TARGET, OTHER, SIGN)
    ]
    assert told.count("260 events predicted") == 3
