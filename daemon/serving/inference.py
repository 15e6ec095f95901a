"""From the body of an inference request to its answer (Open Inference Protocol 2, REST)."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import orjson

from daemon.intake.asked_rows import UnanswerableError
from daemon.serving.asked_events import asked_rows
from daemon.serving.metadata import CLASSES, CONFIDENCE, INTERVAL, PREDICTION, PROBABILITIES, output_names
from daemon.serving.protocol_error import ProtocolError
from daemon.serving.tensors import Tensor, binary_bytes, tensor_of

if TYPE_CHECKING:
    from daemon.learning.event_predictor import EventPredictor, Said
    from daemon.serving.field_names import FieldNames


def infer(
    body: bytes,
    predictor: EventPredictor,
    *,
    model: str,
    names: FieldNames,
    max_rows: int,
    now: float,
    json_bytes: int | None = None,
) -> dict[str, Any]:
    """Return the answer to a request; raise ``ProtocolError`` where it has none.

    ``json_bytes`` is where the JSON ends and the binary data of the tensors begins; None where all is JSON. ``now``
    is the time, in Unix seconds, of rows that do not say theirs.
    """
    request = _parsed(body[:json_bytes])
    tensors = _tensors(request, binary=b"" if json_bytes is None else body[json_bytes:])
    wanted = _wanted(request, predictor)
    rows = _rows(tensors, max_rows=max_rows)
    try:
        asked = asked_rows(tensors, rows=rows, glance=predictor.rows, names=names, now=now)
        said = predictor.say(asked)
    except UnanswerableError as error:
        raise ProtocolError(str(error)) from error
    identity = {"id": request["id"]} if isinstance(request.get("id"), str) else {}
    return {
        "model_name": model,
        **identity,
        "parameters": {"events": predictor.events, "step": predictor.step},
        "outputs": [_output(name, said, predictor) for name in wanted],
    }


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


def _wanted(request: dict[str, Any], predictor: EventPredictor) -> list[str]:
    """Return the names of the outputs that are asked for; all where none is."""
    known, outputs = output_names(predictor), request.get("outputs")
    if not outputs:
        return list(known)
    if not isinstance(outputs, list) or not all(
        isinstance(each, dict) and isinstance(each.get("name"), str) for each in outputs
    ):
        raise ProtocolError("outputs is not a list of objects with a name each")
    wanted = list(dict.fromkeys(each["name"] for each in outputs))
    for name in wanted:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0)[0]
            raise ProtocolError(f"there is no output {name!r}; did you mean {near!r}?")
    return wanted


def _output(name: str, said: Said, predictor: EventPredictor) -> dict[str, Any]:
    rows, classes = len(said.prediction), list(predictor.class_names)
    if name == PREDICTION:
        texts = ["" if each is None else each for each in said.prediction]
        return _tensor(name, "BYTES", [rows], texts) if classes else _tensor(name, "FP64", [rows], said.prediction)
    if name == CONFIDENCE:
        return _tensor(name, "FP64", [rows], said.confidence)
    if name == CLASSES:
        return _tensor(name, "BYTES", [len(classes)], classes)
    if name == INTERVAL:
        return _tensor(
            name, "FP64", [rows, 2], [end for each in said.intervals or () for end in each or (None, None)]
        )
    assert name == PROBABILITIES
    assert said.probabilities is not None
    return _tensor(name, "FP32", list(said.probabilities.shape), said.probabilities.ravel())


def _tensor(name: str, datatype: str, shape: list[int], data: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}
