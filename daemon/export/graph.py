"""A served model as one ONNX graph: from features in their own units to probabilities or a number."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING

import torch
from torch import nn

from daemon.export.description import NotExportedError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from strategies.served import Predictor

INPUT, PROBABILITIES, NUMBER = "features", "probabilities", "prediction"
_OPSET = 17


class ServedGraph(nn.Module):
    """Origin, scale, network, and what its outputs mean: ``(rows, features) float64`` to ``(rows, …) float32``.

    With classes the result is the probability of each, else ``(rows, 1)`` numbers in the label's own units.
    """

    def __init__(
        self, model: Predictor, *, origin: NDArray[np.float64], classes: int, task: int, label_origin: float
    ) -> None:
        super().__init__()
        self._model = model
        self._origin = torch.from_numpy(origin)
        self._classes = classes
        self._task = task
        self._label_origin = label_origin

    def forward(self, features: Tensor) -> Tensor:
        """Return what the main learner says of the rows, as rows of the configured task."""
        task = torch.zeros_like(features[:, 0], dtype=torch.int64) + self._task
        outputs = self._model.predict_scaled(self._model.scale((features - self._origin).float()), task)
        if self._classes:
            return torch.softmax(outputs[:, : self._classes], 1)
        value = self._model.objective.answer(outputs).value.double() + self._label_origin
        return value.unsqueeze(1)


def onnx_bytes(graph: ServedGraph, *, columns: int, output: str) -> bytes:
    """Return the graph as ONNX; raise ``NotExportedError`` where a layer has no form there."""
    target = io.BytesIO()
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter that follows Python as it runs takes any module; its successor needs another library and a
        # module of its own kind. It warns of both, and of shapes that are the same for ever here.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                graph.eval(),
                (torch.zeros(2, columns, dtype=torch.float64),),
                target,  # type: ignore[arg-type]  # what is written as it is exported is given as a file
                input_names=[INPUT],
                output_names=[output],
                dynamic_axes={INPUT: {0: "rows"}, output: {0: "rows"}},
                opset_version=_OPSET,
                dynamo=False,
            )
        except (RuntimeError, NotImplementedError, torch.onnx.errors.OnnxExporterError) as error:
            first = str(error).strip().splitlines()[0]
            raise NotExportedError(f"the model has a layer that ONNX has no form for: {first}") from error
    return target.getvalue()
