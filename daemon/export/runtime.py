"""Runs exported graphs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from daemon.export.description import NotExportedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from numpy.typing import NDArray

INPUT = "features"
"""Name of a graph's first input."""
_ERRORS = 3
"""The least severe that the library logs; it warns of inputs that may be left out."""


def session_of(model: bytes | str) -> Any:
    """Return what runs a graph, from its bytes or its path; raise ``NotExportedError`` where it is none."""
    runtime = library("onnxruntime")
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = _ERRORS
    try:
        return runtime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # the library has a class of its own for each of its errors, and no base
        raise NotExportedError(f"this is no ONNX model: {error}") from error


def run(session: Any, rows: NDArray[np.float64], known: Mapping[str, NDArray[Any]] | None = None) -> NDArray[Any]:
    """Return a graph's answers on rows ``(rows, features)``, of whose keys this is ``known``.

    Raises ``NotExportedError`` where it fails.
    """
    try:
        (said,) = session.run(None, {INPUT: rows, **(known or {})})
    except Exception as error:  # as above
        raise NotExportedError(f"the graph cannot be run: {error}") from error
    answers: NDArray[Any] = said
    return answers


def library(name: str) -> Any:
    """Return what an export needs besides retaind itself; raise ``NotExportedError`` where it is not installed."""
    try:
        return import_module(name)
    except ImportError as error:
        raise NotExportedError(f"{name} is not installed: pip install 'retaind[onnx]'") from error
