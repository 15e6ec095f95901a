"""Writes a model as ONNX, and sees that the file says what the model does."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from daemon.export.comparison import compare
from daemon.export.description import KEY, Description, NotExportedError
from daemon.export.graph import NUMBER, PROBABILITIES, ServedGraph, onnx_bytes
from daemon.export.runtime import library
from daemon.state.durable import sync_directory, write_file
from daemon.state.state_error import StateError, state_io

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from daemon.config.schema import Config
    from daemon.learning.pipeline import Pipeline


def export_onnx(
    config: Config, pipeline: Pipeline, path: Path, *, task: str | None = None, network: bool = False
) -> int:
    """Write what answers as a new ONNX file; return on how many probe rows it was compared with the daemon.

    That is the committee, where there is one; with ``network`` the main learner's network alone.

    Raises ``NotExportedError`` where it can't be, or would not say what the daemon would say of the rows of the
    probe sets if each came next, and ``StateError`` where the file can't be written.
    """
    predictor = pipeline.event_predictor(copied=True)
    if predictor is None:
        raise NotExportedError("this checkpoint has no model: no event with a label had come yet")
    if network:
        predictor = replace(predictor, predictor=replace(predictor.predictor, committee=None))
    code = predictor.task if task is None else predictor.tasks.get(task)
    if code is None:
        known = ", ".join(predictor.tasks) or "none"
        raise NotExportedError(f"there is no task {task} in this checkpoint; there are: {known}")
    graph = ServedGraph(predictor, task=code)
    description = Description.of(config, pipeline, committee=graph.committee)
    output = PROBABILITIES if description.classes else NUMBER
    content = onnx_bytes(graph, columns=len(predictor.rows.origin), output=output)
    content = _described(
        content, description, known={name: one.numpy() for name, one in graph.nothing_known().items()}
    )
    rows = pipeline.probe_rows()
    compare(content, graph, predictor, rows, task=code)
    with state_io(path, "write"):
        if path.exists():
            raise StateError(f"{path} exists; give another name, or remove it")
        write_file(path, [content])
        sync_directory(path.parent)
    return len(rows)


def _described(content: bytes, description: Description, *, known: Mapping[str, NDArray[Any]]) -> bytes:
    """Return the graph with its description among its metadata, and what it takes for ``known`` if not told."""
    onnx = library("onnx")
    graph = onnx.load_model_from_string(content)
    graph.graph.initializer.extend(onnx.numpy_helper.from_array(array, name) for name, array in known.items())
    onnx.helper.set_model_props(graph, {KEY: description.json()})
    graph.producer_name = KEY
    onnx.checker.check_model(graph)
    return bytes(graph.SerializeToString())
