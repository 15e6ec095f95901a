"""A learned model as a file that says what the model says, and at work without a daemon."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import orjson
import pytest
import torch
from typer.testing import CliRunner

from daemon.build.pipeline import build_pipeline
from daemon.cli import app
from daemon.config.schema import Config
from daemon.export import onnx_file
from daemon.export.applied import AppliedModel
from daemon.export.description import KEY, NotExportedError
from daemon.export.onnx_file import export_onnx
from daemon.learning.stopwatch import Stopwatch
from daemon.process.exit_codes import ExitCode
from daemon.service import Service
from tests.daemon.event_stream import FIELDS, Stretch, events, json_lines
from tests.daemon.learning.test_pipeline import BASE, CASES, DECODER, FEATURES, NUMBER

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.export.graph import ServedGraph
    from daemon.learning.pipeline import Pipeline

ONE = {"tasks": {"type": "none"}, "decoder": DECODER | {"task": None}}
OWN: dict[str, dict[str, Any]] = {
    "classes": ONE,
    "a number": ONE | {"label": NUMBER},
    "far from zero": ONE | {"label": NUMBER, "decoder": DECODER | {"task": None, "missing": "last"}},
    "closed form": ONE | CASES["closed form"] | {"label": NUMBER},
    "closed form of classes": ONE | CASES["closed form"],
    "heads": {"adapters": [{"type": "heads"}]},
    "low rank": ONE | {"adapters": [{"type": "lora", "rank": 2}]},
    "convolutions": ONE | {"model": {"type": "cnn1d", "channels": [2], "shape": [1, 3]}},
}


def learned(sections: dict[str, Any], rows: int = 300) -> tuple[Config, Pipeline]:
    config = Config.model_validate(BASE | sections)
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    regression = config.label.type == "number"
    level = 1e9 if regression and "last" in str(sections) else 0.0
    pipeline.process(events([Stretch("P", rows)], seed=4, regression=regression, level=level))
    return config, pipeline


@pytest.mark.parametrize("case", OWN)
def test_the_file_says_what_the_model_says_of_the_held_out_rows(case: str, tmp_path: Path) -> None:
    config, pipeline = learned(OWN[case])
    path = tmp_path / "model.onnx"
    compared = export_onnx(config, pipeline, path, task="P" if case == "heads" else None)
    assert compared == len(pipeline.probe_rows()) > 5
    told = json.loads({each.key: each.value for each in onnx.load(str(path)).metadata_props}[KEY])
    assert told["columns"] == list(FIELDS)
    assert bool(told["classes"]) == (config.label.type == "class")


def test_a_file_that_would_say_another_thing_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config, pipeline = learned(ONE)

    def spoilt(graph: ServedGraph, **options: Any) -> bytes:
        graph._origin = graph._origin + 1
        content = exporter(graph, **options)
        graph._origin = graph._origin - 1
        return content

    exporter = onnx_file.onnx_bytes
    monkeypatch.setattr(onnx_file, "onnx_bytes", spoilt)
    with pytest.raises(NotExportedError, match="would not say what the daemon says"):
        export_onnx(config, pipeline, tmp_path / "model.onnx")
    assert list(tmp_path.iterdir()) == []


def test_a_model_without_an_event_or_of_an_unknown_task_is_not_exported(tmp_path: Path) -> None:
    config, pipeline = learned({})
    with pytest.raises(NotExportedError, match="no task Z in this checkpoint; there are: P"):
        export_onnx(config, pipeline, tmp_path / "model.onnx", task="Z")
    with pytest.raises(NotExportedError, match="no model"):
        export_onnx(config, build_pipeline(config, stopwatch=Stopwatch()), tmp_path / "model.onnx")


def test_events_of_a_file_are_predicted_as_the_model_would_with_their_own_history(tmp_path: Path) -> None:
    """Fed from the beginning, an exported model makes the rows that the daemon made, lags and categories too."""
    features = FEATURES | {"categories": {"site": {"max": 2}}, "label_lags": 1}
    config, pipeline = learned_with_sites(features)
    export_onnx(config, pipeline, tmp_path / "model.onnx")
    applied = AppliedModel(tmp_path / "model.onnx")
    stream = sited(60)
    said = list(applied.predict(iter(stream), name="stream"))
    assert len(said) == 60
    assert {each.prediction for each in said} <= set(applied.description.classes)  # type: ignore[union-attr]
    rows = build_pipeline(config, stopwatch=Stopwatch())._intake._rows
    decoded, _ = rows.decode(records(stream))
    _, labels = rows.encode(decoded)
    batch = rows.batch(decoded, labels.values, torch.zeros(60, dtype=torch.int64))
    predictor = pipeline.event_predictor(copied=False)
    assert predictor is not None
    model = predictor.predictor.model
    outputs = model.predict_scaled(model.scale(batch.x), batch.task)[:, : len(applied.description.classes)]
    expected = outputs.softmax(1).amax(1).numpy()
    assert np.allclose([each.confidence for each in said], expected, atol=1e-4)  # type: ignore[union-attr]


def sited(rows: int) -> list[dict[str, Any]]:
    return [
        orjson.loads(record.value or b"") | {"site": f"s{place % 3}", "key": f"k{place % 4}", "time": 1.7e9 + place}
        for place, record in enumerate(events([Stretch("P", rows)], seed=4))
    ]


def records(stream: list[dict[str, Any]]) -> list[Any]:
    like = events([Stretch("P", len(stream))], seed=4)
    return [each._replace(value=orjson.dumps(event)) for each, event in zip(like, stream, strict=True)]


def learned_with_sites(features: dict[str, Any]) -> tuple[Config, Pipeline]:
    decoder = DECODER | {"task": None, "features": list(FIELDS), "key": "key", "time": "time"}
    config = Config.model_validate(BASE | ONE | {"features": features, "decoder": decoder})
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    pipeline.process(records(sited(60)))
    return config, pipeline


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A configuration whose daemon has learned, and its exports."""
    directory = tmp_path_factory.mktemp("export")
    (directory / "stream.jsonl").write_bytes(json_lines([Stretch("P", 200)]))
    sections = {
        "source": {"type": "file", "path": str(directory / "stream.jsonl")},
        "decoder": {"type": "json", "label": "y", "missing": "mean"},
        "http": {"port": 0},
        "checkpoint": {"directory": str(directory / "state")},
    }
    (directory / "plant.yaml").write_text(json.dumps(sections))
    with Service(Config.model_validate(sections)) as service:
        service.run(stop=lambda: False)
    return directory


def test_the_commands_export_and_predict(run: Path) -> None:
    runner = CliRunner()
    model = str(run / "model.onnx")
    exported = runner.invoke(app, ["export", "-c", str(run / "plant.yaml"), "--to", model])
    assert exported.exit_code == 0, exported.output
    assert "the committee, as the daemon says on" in exported.output.replace("\n", " ")
    lines = runner.invoke(app, ["predict", str(run / "stream.jsonl"), "-m", model])
    said = [json.loads(line) for line in lines.stdout.splitlines()]
    assert (len(said), lines.exit_code) == (200, 0)
    assert set(said[0]) == {
        "topic", "partition", "offset", "prediction", "confidence", "label", "task", "step",
    }  # fmt: skip
    right = np.mean([each["prediction"] == each["label"] for each in said])
    assert right > 0.45
    stream = [json.loads(line) for line in (run / "stream.jsonl").read_text().splitlines()]
    with (run / "stream.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, [*FIELDS, "y"], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(stream)
    as_csv = runner.invoke(app, ["predict", str(run / "stream.csv"), "-m", model, "-o", str(run / "out.jsonl")])
    assert as_csv.exit_code == 0, as_csv.output
    from_csv = [json.loads(line) for line in (run / "out.jsonl").read_text().splitlines()]
    assert [each["prediction"] for each in from_csv] == [each["prediction"] for each in said]


def test_the_commands_say_what_is_wrong(run: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    weights = runner.invoke(app, ["export", "-c", str(run / "plant.yaml"), "--to", str(tmp_path / "w.safetensors")])
    assert (weights.exit_code, (tmp_path / "w.safetensors").exists()) == (0, True)
    other = runner.invoke(app, ["export", "-c", str(run / "plant.yaml"), "--to", str(tmp_path / "w.pt")])
    assert "ends with .onnx or" in other.output.replace("\n", " ")
    again = runner.invoke(app, ["export", "-c", str(run / "plant.yaml"), "--to", str(tmp_path / "w.safetensors")])
    assert (again.exit_code, "exists" in again.output) == (ExitCode.IO, True)
    (tmp_path / "bad.jsonl").write_text('{"a": "much"}\n{"a": [1]}\n')
    model = str(tmp_path / "model.onnx")
    assert runner.invoke(app, ["export", "-c", str(run / "plant.yaml"), "--to", model]).exit_code == 0
    nothing = runner.invoke(app, ["predict", str(tmp_path / "bad.jsonl"), "-m", model])
    assert nothing.exit_code == ExitCode.DATA
    assert "event 0: Feature 'a' is text" in nothing.output
    for file, words in ((tmp_path / "w.safetensors", "no ONNX model"), (tmp_path / "none", "is no file")):
        wrong = runner.invoke(app, ["predict", str(run / "stream.jsonl"), "-m", str(file)])
        assert (wrong.exit_code, words in wrong.output) == (ExitCode.USAGE, True), wrong.output


def test_an_export_of_the_format_before_is_applied_too(tmp_path: Path) -> None:
    config, pipeline = learned(ONE)
    path, older = tmp_path / "model.onnx", tmp_path / "older.onnx"
    export_onnx(config, pipeline, path)
    graph = onnx.load(str(path))
    told = json.loads({each.key: each.value for each in graph.metadata_props}[KEY])
    assert (told.pop("known"), told.pop("format")) == ({}, 2)
    onnx.helper.set_model_props(graph, {KEY: json.dumps(told | {"format": 1})})
    onnx.save(graph, str(older))
    event = {"a": 0.5, "b": -0.5, "c": 1.0}
    (new,), (old,) = (list(AppliedModel(each).predict(iter([event]), name="events")) for each in (path, older))
    assert old == new
    onnx.helper.set_model_props(graph, {KEY: json.dumps(told | {"format": 3})})
    onnx.save(graph, str(older))
    with pytest.raises(NotExportedError, match="has the format 3, this release reads up to 2"):
        AppliedModel(older)
