"""Predictions as JSON lines in a file, each exactly once however often the process was killed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.files.output_file import OutputFile
from connectors.files.sink_options import FilePredictionsOptions
from connectors.prediction_json import to_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from connectors.sink import Prediction


class FilePredictions(OutputFile):
    """Appends one line per prediction."""

    Options = FilePredictionsOptions

    def __init__(self, options: FilePredictionsOptions) -> None:
        super().__init__(options.path, what="predictions", max_bytes=options.max_bytes, keep=options.keep)

    def write(self, predictions: Sequence[Prediction]) -> None:
        """Append them."""
        self.append(to_json(prediction) for prediction in predictions)
