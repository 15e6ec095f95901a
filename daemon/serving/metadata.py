"""What the model takes and says, as the Open Inference Protocol describes a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.serving.field_names import MATRIX

if TYPE_CHECKING:
    from daemon.learning.event_predictor import EventPredictor
    from daemon.serving.field_names import FieldNames

PREDICTION, CONFIDENCE, PROBABILITIES, CLASSES = "prediction", "confidence", "probabilities", "classes"
INTERVAL = "interval"
PLATFORM = "retaind"
_ANY = -1


def output_names(predictor: EventPredictor) -> tuple[str, ...]:
    """Return the names of all outputs: of a class, of a number, of a number with an interval."""
    if predictor.class_names:
        return PREDICTION, CONFIDENCE, PROBABILITIES, CLASSES
    return (PREDICTION,) if predictor.half_widths is None else (PREDICTION, INTERVAL)


def model_metadata(name: str, predictor: EventPredictor | None, names: FieldNames) -> dict[str, Any]:
    """Return the metadata of the model; without inputs and outputs before the first event has shown them."""
    described: dict[str, Any] = {"name": name, "versions": [], "platform": PLATFORM, "inputs": [], "outputs": []}
    if predictor is None:
        return described
    return described | {
        "inputs": _inputs(predictor, names),
        "outputs": [_output(each, predictor) for each in output_names(predictor)],
    }


def _inputs(predictor: EventPredictor, names: FieldNames) -> list[dict[str, Any]]:
    """Return the inputs: the fields in one tensor, each of them alone, and what else an event has."""
    fields, cells = predictor.rows.fields, predictor.rows.categories.fields
    matrix = [] if MATRIX in fields else [_tensor(MATRIX, "FP64", [_ANY, len(fields)], optional=True)]
    taken = {*fields, *cells}
    others = [(names.key, "BYTES"), (names.time, "FP64"), (names.task, "BYTES")]
    return [
        *matrix,
        *(_tensor(name, "FP64", [_ANY], optional=bool(matrix)) for name in fields),
        *(_tensor(name, "BYTES", [_ANY], optional=False) for name in cells),
        *(_tensor(name, kind, [_ANY], optional=True) for name, kind in others if name not in taken),
    ]


def _output(name: str, predictor: EventPredictor) -> dict[str, Any]:
    classes = len(predictor.class_names)
    return {
        PREDICTION: _tensor(PREDICTION, "BYTES" if classes else "FP64", [_ANY]),
        CONFIDENCE: _tensor(CONFIDENCE, "FP64", [_ANY]),
        PROBABILITIES: _tensor(PROBABILITIES, "FP32", [_ANY, classes]),
        CLASSES: _tensor(CLASSES, "BYTES", [classes]),
        INTERVAL: _tensor(INTERVAL, "FP64", [_ANY, 2]),
    }[name]


def _tensor(name: str, datatype: str, shape: list[int], *, optional: bool | None = None) -> dict[str, Any]:
    parameters = {} if optional is None else {"parameters": {"optional": optional}}
    return {"name": name, "datatype": datatype, "shape": shape, **parameters}
