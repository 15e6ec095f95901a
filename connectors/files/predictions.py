"""Predictions as JSON lines in a file, each exactly once however often the process was killed."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from connectors.files.line_file import LineFile
from connectors.files.sink_options import FilePredictionsOptions
from connectors.prediction_json import to_json
from connectors.sink import SinkUnavailableError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.sink import Prediction

log = logging.getLogger(__name__)


class FilePredictions:
    """Appends to a file; a checkpoint holds its size, and resuming from it cuts off what was written later."""

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
        """Return the size of the file in bytes."""
        return {"bytes": self._file.size()}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Cut the file back to the state's size; a smaller file was moved or emptied, and is left as it is."""
        size = self._file.size()
        if size < state["bytes"]:
            log.warning("%s has %d bytes, the checkpoint says %d; appending", self._path, size, state["bytes"])
        elif size > state["bytes"]:
            self._file.cut(state["bytes"])

    def close(self) -> None:
        """Sync and close the file."""
        self._file.close()
