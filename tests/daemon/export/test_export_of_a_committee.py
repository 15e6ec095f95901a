"""An export of a committee says what the daemon would say of the event that comes next, under whatever key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson
import pytest

from connectors.record import LocalRecord
from connectors.sink import Prediction
from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.export import onnx_file
from daemon.export.applied import AppliedModel
from daemon.export.description import NotExportedError
from daemon.export.graph import ServedGraph
from daemon.export.onnx_file import export_onnx
from daemon.export.runtime import run, session_of
from daemon.intake.asked_rows import AskedRows
from daemon.learning.stopwatch import Stopwatch

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.learning.event_predictor import EventPredictor
    from daemon.learning.pipeline import Pipeline

BASE: dict[str, Any] = {
    "source": {"type": "file", "path": "unused"},
    "decoder": {"type": "json", "label": "y", "key": "machine", "missing": "mean", "first_events": 6},
    "label": {"type": "class", "max_classes": 6},
    "model": {"type": "mlp", "hidden": [8]},
    "learner": {"batch": 7},
    "strategies": [{"type": "replay", "rows": 40}],
    "committee": {},
    "retention": {"probe_share": 0.15, "probe_rows": 30},
    "checkpoint": {"directory": "unused"},
}
UNLABELLED = {"type": "json", "key": "machine", "missing": "mean", "first_events": 6}
CASES: dict[str, dict[str, Any]] = {
    "classes": {},
    "more classes than columns, and lags": {
        "label": {"type": "class", "max_classes": 20},
        "features": {"label_lags": 2, "per_key": True, "lags": [{"field": "a"}]},
    },
    "a number": {"label": {"type": "number"}},
    "a class of the future": {
        "decoder": UNLABELLED,
        "label": {"from": "stream", "field": "a", "ahead": 3, "as": "sign", "type": "class", "max_classes": 3},
        "features": {"label_lags": 1},
    },
    "a number of the future": {
        "decoder": UNLABELLED,
        "label": {"from": "stream", "field": "a", "ahead": 2, "as": "value", "type": "number"},
    },
}


LEVEL = 1e4
"""About which the values lie of what has a label that is a number."""
NEAR = 2e-4
ASKED = ("m1", "m3", "never met")


class Exported(NamedTuple):
    case: str
    events: list[dict[str, Any]]
    path: Path
    config: Config
    pipeline: Pipeline
    predictor: EventPredictor


def stream(case: str, rows: int, *, level: float = 0.0) -> list[dict[str, Any]]:
    """Events of a few machines, whose fields are slow waves, and whose labels follow from them."""
    chance = np.random.default_rng(3)
    classes = CASES[case].get("label", {}).get("max_classes", 4)
    events = []
    for row in range(rows):
        machine = int(chance.integers(4))
        a, b, c = (
            float(np.sin(row / 17 + machine)) + 0.1 * each + level for each in chance.normal(size=3).tolist()
        )
        y: Any = 2 * a - b + 0.1 * c if "a number" in case else f"c{int(20 * (a - level + b - level)) % classes}"
        events.append({"a": a, "b": b, "c": c, "machine": f"m{machine}", "y": y})
    return events


def record(event: dict[str, Any], offset: int) -> LocalRecord:
    return LocalRecord("stream", 0, offset, -1, None, orjson.dumps(event), [])


def learned(case: str, events: list[dict[str, Any]]) -> tuple[Config, Pipeline]:
    config = Config.model_validate(BASE | CASES[case])
    pipeline = build_pipeline(config, stopwatch=Stopwatch())
    pipeline.process([record(event, place) for place, event in enumerate(events)])
    return config, pipeline


@pytest.fixture(scope="module", params=CASES)
def exported(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Exported:
    """What a daemon has learned of a stream, and its export."""
    case = request.param
    events = stream(case, 240, level=LEVEL if case == "a number" else 0.0)
    config, pipeline = learned(case, events)
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    compared = export_onnx(config, pipeline, path)
    predictor = pipeline.event_predictor(copied=True)
    assert predictor is not None
    assert compared == len(pipeline.probe_rows()) > 20
    return Exported(case, events, path, config, pipeline, predictor)


def test_fed_with_the_same_stream_it_says_what_the_daemon_would_say_next(exported: Exported) -> None:
    """And so it knows of each key what the daemon knows: the row before, the labels, the lags."""
    predictor, later = exported.predictor, "future" in exported.case
    # An event whose value is missing brings no label to any other, and so nothing is learned before it is answered.
    asked = [
        event | {"machine": name} | ({"a": None} if later else {})
        for name, event in zip(ASKED, exported.events, strict=False)
    ]
    for event in asked:
        *_, said = AppliedModel(exported.path).predict(iter([*exported.events, event]), name="stream")
        assert isinstance(said, Prediction)
        values = [np.nan if event[name] is None else event[name] for name in predictor.rows.fields]
        key, time = event["machine"].encode(), np.array([np.nan])
        expected = predictor.say(AskedRows(np.array([values]), key=[key], time=time, task=None))
        if expected.probabilities is None:
            np.testing.assert_allclose(said.prediction, expected.prediction[0], atol=10 * NEAR)  # type: ignore[arg-type]
        else:
            assert said.prediction == expected.prediction[0]
            np.testing.assert_allclose(said.confidence, expected.probabilities.max(), atol=NEAR)  # type: ignore[arg-type]


def test_what_is_not_told_of_a_key_is_that_it_was_never_met(exported: Exported) -> None:
    graph = ServedGraph(exported.predictor, task=exported.predictor.task)
    rows = exported.pipeline.probe_rows().astype(np.float64) + exported.predictor.rows.origin
    session = session_of(str(exported.path))
    nothing = {name: np.repeat(one.numpy(), len(rows), 0) for name, one in graph.nothing_known().items()}
    untold = run(session, rows)
    np.testing.assert_allclose(untold, run(session, rows, nothing), atol=NEAR)
    assert graph.committee is not None
    keys = np.resize(graph.committee.keys, len(rows))
    told = graph.committee.known_of(keys, exported.pipeline.probe_rows())
    assert np.abs(untold - run(session, rows, told)).max() > NEAR


@pytest.mark.parametrize("spoil", ["_weights", "_pools"])
def test_a_file_whose_committee_would_say_another_thing_is_not_written(
    exported: Exported, spoil: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spoilt(graph: ServedGraph, **options: Any) -> bytes:
        right = getattr(graph.committee, spoil)
        setattr(graph.committee, spoil, right.roll(1, 0))
        return exporter(graph, **options)

    exporter = onnx_file.onnx_bytes
    monkeypatch.setattr(onnx_file, "onnx_bytes", spoilt)
    path = exported.path.parent / "spoilt.onnx"
    with pytest.raises(NotExportedError, match="would not say what the daemon says"):
        export_onnx(exported.config, exported.pipeline, path)
    assert not path.exists()


def test_the_network_alone_is_exported_where_that_is_asked_for(exported: Exported, tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    export_onnx(exported.config, exported.pipeline, path, network=True)
    assert AppliedModel(path).description.known == {}
    rows = exported.pipeline.probe_rows().astype(np.float64) + exported.predictor.rows.origin
    whole, alone = (run(session_of(str(each)), rows) for each in (exported.path, path))
    assert whole.shape == alone.shape
    assert np.abs(whole - alone).max() > NEAR
