"""What a daemon answers, as one ONNX graph: from features in their own units to probabilities or a number."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from daemon.export.description import NotExportedError
from daemon.export.runtime import INPUT
from daemon.learning.committee.number_graph import NumberGraph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

    from daemon.learning.event_predictor import EventPredictor

PROBABILITIES, NUMBER = "probabilities", "prediction"
_OPSET = 17


class ServedGraph(nn.Module):
    """Origin, scale, network, committee, and what the answer means: ``(rows, features) float64`` to an answer.

    With classes that is the probability of each ``(rows, classes) float32``, else ``(rows, 1) float64`` numbers in
    the label's own units. Where a committee answers, what is known of the rows' keys is given besides.
    """

    def __init__(self, predictor: EventPredictor, *, task: int) -> None:
        super().__init__()
        said, classes = predictor.predictor, len(predictor.class_names)
        self._model = said.model
        self._origin = torch.from_numpy(predictor.rows.origin)
        self._classes = classes
        self._known = said.known_classes
        self._task = task
        self._label_origin = predictor.label_origin
        self.committee = None if said.committee is None else said.committee.graph(known_classes=said.known_classes)
        """None where the network answers alone."""

    def nothing_known(self) -> dict[str, Tensor]:
        """Return what else is given, by name, as it is for a key that was never met, ``(1, …)`` each."""
        return {} if self.committee is None else self.committee.nothing_known()

    def known_of(self, keys: NDArray[np.int64], x: NDArray[np.float32]) -> dict[str, NDArray[Any]]:
        """Return the same of keys ``(rows,)`` that were met, before rows ``(rows, features)`` less origins."""
        assert self.committee is not None, "a network knows no keys"
        told = self.committee.known_of(keys, x)
        if isinstance(self.committee, NumberGraph):
            told["last_labels"] = told["last_labels"] + self._label_origin
        return told

    def forward(self, features: Tensor, *known: Tensor) -> Tensor:
        """Return the answer on rows of the task; ``known`` of their keys, in the order of ``nothing_known``."""
        task = torch.zeros_like(features[:, 0], dtype=torch.int64) + self._task
        scaled = self._model.scale((features - self._origin).float())
        outputs = self._model.predict_scaled(scaled, task)
        if self.committee is None:
            return self._of_network(outputs)
        each = [one.expand(features.shape[0], *one.shape[1:]) for one in known]
        if isinstance(self.committee, NumberGraph):
            main = self._model.objective.answer(outputs).value
            labels = each.pop() - self._label_origin
            return self._number(self.committee(scaled, main, *each, labels))
        said = self.committee(scaled, torch.softmax(outputs[:, : self._known], 1), *each)[:, : self._classes]
        return nn.functional.pad(said, (0, self._classes - said.shape[1]))

    def _of_network(self, outputs: Tensor) -> Tensor:
        if self._classes:
            return torch.softmax(outputs[:, : self._classes], 1)
        return self._number(self._model.objective.answer(outputs).value)

    def _number(self, value: Tensor) -> Tensor:
        return (value.float().double() + self._label_origin).unsqueeze(1)


def onnx_bytes(graph: ServedGraph, *, columns: int, output: str) -> bytes:
    """Return the graph as ONNX; raise ``NotExportedError`` where a layer has no form there."""
    target, known = io.BytesIO(), graph.nothing_known()
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter that follows Python as it runs takes any module; its successor needs another library and a
        # module of its own kind. It warns of both, and of shapes that are the same for ever here.
        warnings.simplefilter("ignore")
        try:
            torch.onnx.export(
                graph.eval(),
                (torch.zeros(2, columns, dtype=torch.float64), *known.values()),
                target,  # type: ignore[arg-type]  # what is written as it is exported is given as a file
                input_names=[INPUT, *known],
                output_names=[output],
                dynamic_axes={INPUT: {0: "rows"}, output: {0: "rows"}, **{name: {0: "known"} for name in known}},
                opset_version=_OPSET,
                dynamo=False,
            )
        except (RuntimeError, NotImplementedError, torch.onnx.errors.OnnxExporterError) as error:
            first = str(error).strip().splitlines()[0]
            raise NotExportedError(f"the model has a layer that ONNX has no form for: {first}") from error
    return target.getvalue()
