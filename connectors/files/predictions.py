"""Predictions as JSON lines in a file, each exactly once however often the process was killed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from connectors.files.line_file import LineFile
from connectors.options import Options
from connectors.prediction_json import to_json
from connectors.sink import SinkUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.sink import Prediction

log = logging.getLogger(__name__)


class FilePredictionsOptions(Options):
    """Where predictions are written."""

    type: Literal["file"] = "file"
    path: str = Field(description="The file to append to; its directory must exist.")


class FilePredictions:
    """Appends; a checkpoint holds the length of the file, and resuming from it cuts off what came later."""

    Options = FilePredictionsOptions

    def __init__(self, options: FilePredictionsOptions) -> None:
        self._path = options.path
        self._file = LineFile(options.path)

    def write(self, predictions: Sequence[Prediction]) -> None:
        """Append one line per prediction, buffered. Raises SinkUnavailableError."""
        try:
            self._file.append(to_json(prediction) for prediction in predictions)
        except OSError as error:
            raise SinkUnavailableError(f"predictions cannot be written: {error}") from error

    def flush(self) -> None:
        """Return when every line written is on disk. Raises SinkUnavailableError."""
        try:
            self._file.sync()
        except OSError as error:
            raise SinkUnavailableError(f"predictions cannot be written: {error}") from error

    def state_dict(self) -> dict[str, Any]:
        """Return the length of the file in bytes."""
        return {"bytes": self._file.size()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Cut the file back to the state's length; a shorter file was moved or emptied, and is left as it is."""
        size = self._file.size()
        if size < state["bytes"]:
            log.warning("%s has %d bytes, %d when last saved; appending", self._path, size, state["bytes"])
        elif size > state["bytes"]:
            self._file.cut(state["bytes"])

    def close(self) -> None:
        """Make all durable and close the file."""
        self._file.close()
