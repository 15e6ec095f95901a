"""Writes a model as ONNX, and sees that the file says what the model does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from daemon.export.description import KEY, Description, NotExportedError
from daemon.export.graph import INPUT, NUMBER, PROBABILITIES, ServedGraph, onnx_bytes
from daemon.state.durable import sync_directory, write_file
from daemon.state.state_error import StateError, state_io

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from daemon.config.schema import Config
    from daemon.learning.pipeline import Pipeline

_TOLERANCE = 1e-4
"""Of probabilities; of numbers relative to the size of the largest."""


def export_onnx(config: Config, pipeline: Pipeline, path: Path, *, task: str | None = None) -> int:
    """Write the main learner's network as a new ONNX file; return on how many probe rows it was compared.

    Raises ``NotExportedError`` where it can't be, or would not say what the daemon's own network says of the rows
    of the probe sets, and ``StateError`` where the file can't be written.
    """
    predictor = pipeline.event_predictor(copied=True)
    if predictor is None:
        raise NotExportedError("this checkpoint has no model: no event had come yet")
    code = predictor.task if task is None else predictor.tasks.get(task)
    if code is None:
        known = ", ".join(predictor.tasks) or "none"
        raise NotExportedError(f"there is no task {task} in this checkpoint; there are: {known}")
    description = Description.of(config, pipeline)
    origin, classes = predictor.rows.origin, len(description.classes)
    model = predictor.predictor.model
    graph = ServedGraph(model, origin=origin, classes=classes, task=code, label_origin=predictor.label_origin)
    output = PROBABILITIES if classes else NUMBER
    content = _described(onnx_bytes(graph, columns=len(origin), output=output), description)
    rows = _probe_rows(pipeline, origin)
    _compare(content, graph, rows)
    with state_io(path, "write"):
        if path.exists():
            raise StateError(f"{path} exists; give another name, or remove it")
        write_file(path, [content])
        sync_directory(path.parent)
    return len(rows)


def _described(content: bytes, description: Description) -> bytes:
    """Return the graph with its description and the names of classes and columns among its metadata."""
    onnx = _library("onnx")
    graph = onnx.load_model_from_string(content)
    onnx.helper.set_model_props(graph, {KEY: description.json()})
    graph.producer_name = KEY
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())


def _probe_rows(pipeline: Pipeline, origin: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rows of all probe sets ``(rows, features)``, in their own units."""
    held = pipeline.probe_rows()
    return held.astype(np.float64) + origin


def _compare(content: bytes, graph: ServedGraph, rows: NDArray[np.float64]) -> None:
    """Raise ``NotExportedError`` where the file says another thing than the model of these rows, or of zeros."""
    asked = rows if len(rows) else np.zeros((1, rows.shape[1]))
    with torch.no_grad():
        expected = graph(torch.from_numpy(asked)).numpy()
    (said,) = run(session_of(content), asked)
    size = max(1.0, float(np.nanmax(np.abs(expected), initial=0.0)))
    if said.shape != expected.shape or not np.allclose(said, expected, atol=_TOLERANCE * size, equal_nan=True):
        raise NotExportedError(
            "the file would not say what the model says; a feature that is read in another unit than it comes in"
            " has no form in it (the log tells of it)"
        )


def session_of(model: bytes | str) -> Any:
    """Return what runs a graph, from its bytes or its path; raise ``NotExportedError`` where it is none."""
    runtime = _library("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library has a class of its own for each of its errors, and no base
        raise NotExportedError(f"this is no ONNX model: {error}") from error


def run(session: Any, rows: NDArray[np.float64]) -> Any:
    """Return a graph's outputs for rows ``(rows, features)``; raise ``NotExportedError`` where it fails."""
    try:
        return session.run(None, {INPUT: rows})
    except Exception as error:  # as above
        raise NotExportedError(f"the graph cannot be run: {error}") from error


def _library(name: str) -> Any:
    from importlib import import_module  # noqa: PLC0415 - beside its use

    try:
        return import_module(name)
    except ImportError as error:
        raise NotExportedError(f"{name} is not installed: pip install 'retaind[onnx]'") from error
