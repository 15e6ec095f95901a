"""What the model takes and says, as the Open Inference Protocol describes a model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from daemon.intake.labels.alone import ALONE
from daemon.serving.field_names import MATRIX

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.learning.event_predictor import EventPredictor
    from daemon.serving.field_names import FieldNames

PREDICTION, CONFIDENCE, PROBABILITIES, CLASSES = "prediction", "confidence", "probabilities", "classes"
INTERVAL = "interval"
PLATFORM = "retaind"
_ANY = -1


class Output(NamedTuple):
    """What is said of a target."""

    target: str
    kind: str


def output_names(predictors: Mapping[str, EventPredictor]) -> dict[str, Output]:
    """Return all outputs by name: the kind of what is said, behind the name of its target where there are several.

    >>> output_names({})
    {}
    """
    return {
        kind if target == ALONE else f"{target}.{kind}": Output(target, kind)
        for target, predictor in predictors.items()
        for kind in _kinds(predictor)
    }


def common_fields(predictors: Mapping[str, EventPredictor]) -> Sequence[str]:
    """Return the numeric fields in their order; empty where targets have seen different ones.

    A target that was added to the configuration later may have found others in its first events.
    """
    found = {tuple(each.rows.fields) for each in predictors.values()}
    return found.pop() if len(found) == 1 else ()


def _kinds(predictor: EventPredictor) -> tuple[str, ...]:
    """Return what is said of a class, of a number, of a number with an interval."""
    if predictor.class_names:
        return PREDICTION, CONFIDENCE, PROBABILITIES, CLASSES
    return (PREDICTION,) if predictor.half_widths is None else (PREDICTION, INTERVAL)


def model_metadata(name: str, predictors: Mapping[str, EventPredictor], names: FieldNames) -> dict[str, Any]:
    """Return the metadata of the model; without inputs and outputs before the first event has shown them."""
    described: dict[str, Any] = {"name": name, "versions": [], "platform": PLATFORM, "inputs": [], "outputs": []}
    if not predictors:
        return described
    outputs = output_names(predictors).items()
    return described | {
        "inputs": _inputs(predictors, names),
        "outputs": [_output(name, kind, predictors[target]) for name, (target, kind) in outputs],
    }


def _inputs(predictors: Mapping[str, EventPredictor], names: FieldNames) -> list[dict[str, Any]]:
    """Return the inputs: the fields in one tensor, each of them alone, and what else an event has."""
    asked = [each.rows for each in predictors.values()]
    fields = list(dict.fromkeys(name for rows in asked for name in rows.fields))
    cells = list(dict.fromkeys(name for rows in asked for name in rows.categories.fields))
    whole = MATRIX not in fields and common_fields(predictors)
    matrix = [] if not whole else [_tensor(MATRIX, "FP64", [_ANY, len(fields)], optional=True)]
    taken = {*fields, *cells}
    others = [(names.key, "BYTES"), (names.time, "FP64"), (names.task, "BYTES")]
    return [
        *matrix,
        *(_tensor(name, "FP64", [_ANY], optional=bool(matrix)) for name in fields),
        *(_tensor(name, "BYTES", [_ANY], optional=False) for name in cells),
        *(_tensor(name, kind, [_ANY], optional=True) for name, kind in others if name not in taken),
    ]


def _output(name: str, kind: str, predictor: EventPredictor) -> dict[str, Any]:
    classes = len(predictor.class_names)
    datatype, shape = {
        PREDICTION: ("BYTES" if classes else "FP64", [_ANY]),
        CONFIDENCE: ("FP64", [_ANY]),
        PROBABILITIES: ("FP32", [_ANY, classes]),
        CLASSES: ("BYTES", [classes]),
        INTERVAL: ("FP64", [_ANY, 2]),
    }[kind]
    return _tensor(name, datatype, shape)


def _tensor(name: str, datatype: str, shape: list[int], *, optional: bool | None = None) -> dict[str, Any]:
    parameters = {} if optional is None else {"parameters": {"optional": optional}}
    return {"name": name, "datatype": datatype, "shape": shape, **parameters}
