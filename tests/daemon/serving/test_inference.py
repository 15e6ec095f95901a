"""Requests of the Open Inference Protocol, as they come in: answered, or refused with what is wrong."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.build.pipeline import build_pipeline
from daemon.config.schema import Config
from daemon.intake.labels.alone import ALONE
from daemon.learning.stopwatch import Stopwatch
from daemon.serving.field_names import FieldNames
from daemon.serving.inference import infer
from daemon.serving.metadata import model_metadata
from daemon.serving.protocol_error import ProtocolError
from tests.daemon.event_stream import Stretch, events
from tests.daemon.lives import SMALL

if TYPE_CHECKING:
    from daemon.learning.event_predictor import EventPredictor

NAMES = FieldNames(key="sensor", time="at", task="task", label="y", time_unit="iso")
ROW = [{"name": "features", "datatype": "FP64", "shape": [1, 3], "data": [1.0, 2.0, 3.0]}]


@cache
def predictor(kind: str = "class") -> EventPredictor:
    label = {"type": kind} | ({"max_classes": 3} if kind == "class" else {})
    sections: dict[str, Any] = {
        "label": label,
        "features": {"per_key": True, "lags": [{"field": "a"}], "categories": {"site": {"max": 2}}, "hour": True},
        "decoder": {
            "type": "json",
            "label": "y",
            "features": ["a", "b", "c"],
            "missing": "mean",
            "first_events": 1,
        },
        "tasks": {"type": "none"},
        "checkpoint": {"directory": "unused"},
    }
    pipeline = build_pipeline(Config.model_validate(SMALL | sections), stopwatch=Stopwatch())
    stream = events([Stretch("P", 100)], seed=2, regression=kind == "number")
    sited = [record._replace(value=(record.value or b"")[:-1] + b',"site":"north"}') for record in stream]
    pipeline.process(sited)
    found = pipeline.event_predictor(copied=True)
    assert found is not None
    return found


def site(rows: int) -> dict[str, Any]:
    return {"name": "site", "datatype": "BYTES", "shape": [rows], "data": ["north"] * rows}


def ask(request: Any, *, kind: str = "class", **bounds: Any) -> dict[str, Any]:
    body = request if isinstance(request, bytes) else orjson.dumps(request)
    return infer(body, {ALONE: predictor(kind)}, model="plant", names=NAMES, now=1.7e9, **{"max_rows": 8} | bounds)


def outputs(answer: dict[str, Any]) -> dict[str, Any]:
    return {each["name"]: each["data"] for each in answer["outputs"]}


def test_a_matrix_and_named_fields_are_the_same_rows() -> None:
    x = np.arange(6.0).reshape(2, 3)
    matrix = {"name": "features", "datatype": "FP32", "shape": [2, 3], "data": x.tolist()}
    fields = [
        {"name": name, "datatype": "INT64", "shape": [2], "data": x[:, place].astype(int).tolist()}
        for place, name in enumerate("abc")
    ]
    assert orjson.dumps(
        outputs(ask({"inputs": [matrix, site(2)]})), option=orjson.OPT_SERIALIZE_NUMPY
    ) == orjson.dumps(outputs(ask({"inputs": [*fields, site(2)]})), option=orjson.OPT_SERIALIZE_NUMPY)


def test_key_time_and_task_are_columns_as_in_an_event() -> None:
    others = [
        {"name": "sensor", "datatype": "BYTES", "shape": [1, 1], "data": [["k1"]]},
        {"name": "at", "datatype": "BYTES", "shape": [1], "data": ["2026-01-01T12:00:00Z"]},
        {"name": "task", "datatype": "INT64", "shape": [1], "data": [7]},
    ]
    with_key, without = ask({"inputs": [*ROW, site(1), *others]}), ask({"inputs": [*ROW, site(1), *others[1:]]})
    # The lag is that of the key.
    assert outputs(with_key)["confidence"] != outputs(without)["confidence"]


def test_an_answer_says_all_that_a_prediction_does_or_what_is_asked_for() -> None:
    answer = ask({"id": "7", "inputs": [*ROW, site(1)]})
    said = outputs(answer)
    assert (answer["id"], answer["model_name"], answer["parameters"]["events"]) == ("7", "plant", 100)
    assert said["prediction"][0] == said["classes"][int(np.argmax(said["probabilities"]))]
    assert said["confidence"][0] == pytest.approx(max(said["probabilities"]))
    assert sum(said["probabilities"]) == pytest.approx(1)
    only = ask({"inputs": [*ROW, site(1)], "outputs": [{"name": "confidence"}]})
    assert list(outputs(only)) == ["confidence"]
    number = ask({"inputs": [*ROW, site(1)]}, kind="number")
    assert [(each["name"], each["datatype"]) for each in number["outputs"]] == [("prediction", "FP64")]


def test_the_metadata_names_every_output_with_the_shape_that_it_has() -> None:
    metadata = model_metadata("plant", {ALONE: predictor()}, NAMES)
    answer = ask({"inputs": [*ROW, site(1)]})
    told = {each["name"]: (each["datatype"], each["shape"][1:]) for each in metadata["outputs"]}
    assert told == {each["name"]: (each["datatype"], each["shape"][1:]) for each in answer["outputs"]}
    assert [each["name"] for each in metadata["inputs"]] == [
        "features", "a", "b", "c", "site", "sensor", "at", "task",
    ]  # fmt: skip


def test_binary_data_is_the_same_as_json() -> None:
    x, text = np.array([1.0, 2.0, 3.0], dtype="<f4").tobytes(), b"\x05\x00\x00\x00north"
    inputs = [
        {"name": "features", "datatype": "FP32", "shape": [1, 3], "parameters": {"binary_data_size": len(x)}},
        {"name": "site", "datatype": "BYTES", "shape": [1], "parameters": {"binary_data_size": len(text)}},
    ]
    head = orjson.dumps({"inputs": inputs})
    binary = ask(head + x + text, json_bytes=len(head))
    assert outputs(binary)["confidence"] == outputs(ask({"inputs": [*ROW, site(1)]}))["confidence"]
    for broken in (head + x + text[:-1], head + x + text + b"\x00", head + x[:-1] + text):
        with pytest.raises(ProtocolError):
            ask(broken, json_bytes=len(head))


def column(**changes: Any) -> dict[str, Any]:
    return {"name": "a", "datatype": "FP64", "shape": [1], "data": [1.0]} | changes


@pytest.mark.parametrize(
    ("request_", "problem"),
    [
        (b"{", "not valid JSON"),
        ([], "the body has no inputs"),
        ({"inputs": []}, "there are no inputs"),
        ({"inputs": [3]}, "an input is an object with name"),
        ({"inputs": [column(datatype="FP8")]}, "'a' has the datatype FP8; known are BOOL"),
        ({"inputs": [column(shape=[-1])]}, "'a' has no shape"),
        ({"inputs": [column(shape=[1] * 9)]}, "'a' has no shape"),
        ({"inputs": [column(shape=[2])]}, r"'a' has 1 values; its shape \[2\]"),
        ({"inputs": [column(shape=[10**15])]}, "'a' has 1 values"),
        ({"inputs": [column(data="1")]}, "'a' has no data"),
        ({"inputs": [column(data=["1"])]}, "'a' is FP64; expected numbers"),
        ({"inputs": [column(datatype="BYTES", data=[1])]}, "'a' is BYTES; expected text"),
        ({"inputs": [column(datatype="BYTES", data=["x"]), site(1)]}, "'a' is BYTES; expected numbers"),
        ({"inputs": [column(shape=[1, 2], data=[1, 2]), site(1)]}, r"'a' has the shape \[1, 2\]; expected \[1\]"),
        ({"inputs": [column(), column()]}, "'a' is there twice"),
        ({"inputs": [column(), site(2)]}, "'site' has 2 rows, 'a' has 1"),
        ({"inputs": [column(shape=[9], data=[1] * 9)]}, "9 rows; expected 1 to 8"),
        ({"inputs": [column(shape=[0], data=[])]}, "0 rows"),
        ({"inputs": [column(name="sit")]}, "no input 'sit'; did you mean 'site'"),
        ({"inputs": [column(name="y")]}, "'y' is the label"),
        ({"inputs": [column(), *ROW]}, "'a' is among the columns of 'features'"),
        ({"inputs": [column(name="features")]}, "'features' has 1 columns; expected 3: a, b, c"),
        ({"inputs": ROW}, "row 0: the category 'site' is missing"),
        ({"inputs": [*ROW, site(1), column(name="at", datatype="BYTES", data=["noon"])]}, "'at': The time is text"),
        ({"inputs": [column(data=[1e300]), site(1)]}, "row 0: the feature 'a' is too large"),
        ({"inputs": [*ROW, site(1)], "outputs": [{"name": "probability"}]}, "did you mean 'probabilities'"),
        ({"inputs": [*ROW, site(1)], "outputs": "all"}, "outputs is not a list"),
    ],
)
def test_what_is_wrong_is_said_with_its_place_and_remedy(request_: Any, problem: str) -> None:
    with pytest.raises(ProtocolError, match=problem):
        ask(request_)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda each: st.lists(each, max_size=4),
    max_leaves=8,
)
INPUT = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "features", "site", "sensor", "at", "task", "?"]),
        "datatype": st.sampled_from(["FP64", "INT64", "BYTES", "BOOL", 3]),
        "shape": st.lists(st.integers(0, 3), max_size=3) | JSON,
        "data": JSON,
    },
    optional={"parameters": JSON | st.fixed_dictionaries({"binary_data_size": JSON})},
)


@given(inputs=st.lists(INPUT, max_size=4) | JSON, wanted=JSON)
def test_any_request_is_answered_or_refused(inputs: Any, wanted: Any) -> None:
    try:
        answer = ask({"inputs": inputs, "outputs": wanted, "id": wanted})
    except ProtocolError:
        return
    assert answer["outputs"]
