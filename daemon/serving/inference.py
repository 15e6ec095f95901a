"""From the body of an inference request to its answer (Open Inference Protocol 2, REST)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import orjson

from daemon.intake.asked_rows import UnanswerableError
from daemon.serving.asked_events import asked_rows
from daemon.serving.field_names import MATRIX
from daemon.serving.metadata import (
    CLASSES,
    CONFIDENCE,
    INTERVAL,
    PREDICTION,
    PROBABILITIES,
    common_fields,
    output_names,
)
from daemon.serving.protocol_error import ProtocolError
from daemon.serving.tensors import Tensor, binary_bytes, tensor_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from daemon.learning.event_predictor import EventPredictor, Said
    from daemon.serving.field_names import FieldNames
    from daemon.serving.metadata import Output


def infer(
    body: bytes,
    predictors: Mapping[str, EventPredictor],
    *,
    model: str,
    names: FieldNames,
    max_rows: int,
    now: float,
    json_bytes: int | None = None,
) -> dict[str, Any]:
    """Return the answer to a request; raise ``ProtocolError`` where it has none.

    ``predictors`` are those of all targets, copied at one moment; those that are asked for answer.
    ``json_bytes`` is where the JSON ends and the binary data of the tensors begins; None where all is JSON. ``now``
    is the time, in Unix seconds, of rows that do not say theirs.
    """
    request = _parsed(body[:json_bytes])
    tensors = _tensors(request, binary=b"" if json_bytes is None else body[json_bytes:])
    wanted = _wanted(request, output_names(predictors))
    rows = _rows(tensors, max_rows=max_rows)
    said: dict[str, Said] = {}
    try:
        for target in dict.fromkeys(output.target for output in wanted.values()):
            its = _of_target(tensors, target, predictors)
            asked = asked_rows(its, rows=rows, glance=predictors[target].rows, names=names, now=now)
            said[target] = predictors[target].say(asked)
    except UnanswerableError as error:
        raise ProtocolError(str(error)) from error
    newest = max(predictors.values(), key=lambda each: each.events)
    identity = {"id": request["id"]} if isinstance(request.get("id"), str) else {}
    return {
        "model_name": model,
        **identity,
        "parameters": {"events": newest.events, "step": newest.step},
        "outputs": [
            _output(name, kind, said[target], predictors[target]) for name, (target, kind) in wanted.items()
        ],
    }


def _of_target(
    tensors: dict[str, Tensor], target: str, predictors: Mapping[str, EventPredictor]
) -> dict[str, Tensor]:
    """Return the tensors without fields that only other targets know."""
    if len(predictors) > 1 and MATRIX in tensors and not common_fields(predictors):
        raise ProtocolError(f"the targets have not the same fields, so {MATRIX!r} has none; give each by its name")
    known = {name: {*each.rows.fields, *each.rows.categories.fields} for name, each in predictors.items()}
    others = set().union(*known.values()) - known[target]
    return {name: tensor for name, tensor in tensors.items() if name not in others}


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        request = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise ProtocolError(f"the body is not valid JSON: {error.msg} at byte {error.pos}") from error
    if not isinstance(request, dict) or not isinstance(request.get("inputs"), list):
        raise ProtocolError("the body has no inputs; expected an object with a list of them")
    return request


def _tensors(request: dict[str, Any], *, binary: bytes) -> dict[str, Tensor]:
    """Return the inputs by their names; those with binary data have it one after another behind the JSON."""
    tensors: dict[str, Tensor] = {}
    start = 0
    for spec in request["inputs"]:
        size = binary_bytes(spec)
        if size is not None and start + size > len(binary):
            raise ProtocolError("the binary data of the inputs ends too early; see Inference-Header-Content-Length")
        tensor = tensor_of(spec, blob=None if size is None else binary[start : start + size])
        if tensor.name in tensors:
            raise ProtocolError(f"input {tensor.name!r} is there twice; give it once")
        tensors[tensor.name] = tensor
        start += size or 0
    if start < len(binary):
        raise ProtocolError("there is more binary data than the inputs have")
    return tensors


def _rows(tensors: dict[str, Tensor], *, max_rows: int) -> int:
    if not tensors:
        raise ProtocolError("there are no inputs")
    first = next(iter(tensors.values()))
    for each in tensors.values():
        if each.rows != first.rows:
            raise ProtocolError(f"input {each.name!r} has {each.rows} rows, {first.name!r} has {first.rows}")
    if not 1 <= first.rows <= max_rows:
        raise ProtocolError(f"the inputs have {first.rows} rows; expected 1 to {max_rows} (serving.max_rows)")
    return first.rows


def _wanted(request: dict[str, Any], known: dict[str, Output]) -> dict[str, Output]:
    """Return the outputs that are asked for; all where none is."""
    outputs = request.get("outputs")
    if not outputs:
        return known
    if not isinstance(outputs, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in outputs
    ):
        raise ProtocolError("outputs is not a list of objects with a name each")
    wanted = list(dict.fromkeys(each["name"] for each in outputs))
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0)[0]
            raise ProtocolError(f"there is no output {name!r}; did you mean {near!r}?")
    return {name: known[name] for name in wanted}


def _output(name: str, kind: str, said: Said, predictor: EventPredictor) -> dict[str, Any]:
    rows, classes = len(said.prediction), list(predictor.class_names)
    if kind == PREDICTION:
        texts = ["" if each is None else each for each in said.prediction]
        return _tensor(name, "BYTES", [rows], texts) if classes else _tensor(name, "FP64", [rows], said.prediction)
    if kind == CONFIDENCE:
        return _tensor(name, "FP64", [rows], said.confidence)
    if kind == CLASSES:
        return _tensor(name, "BYTES", [len(classes)], classes)
    if kind == INTERVAL:
        return _tensor(
            name, "FP64", [rows, 2], [end for each in said.intervals or () for end in each or (None, None)]
        )
    assert kind == PROBABILITIES
    assert said.probabilities is not None
    return _tensor(name, "FP32", list(said.probabilities.shape), said.probabilities.ravel())


def _tensor(name: str, datatype: str, shape: list[int], data: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}
