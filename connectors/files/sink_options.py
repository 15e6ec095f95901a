"""The options of the file sinks: dead letters and predictions."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from connectors.options import Options


class FileDeadLettersOptions(Options):
    """Dead letters as JSON lines in a file."""

    type: Literal["file"] = "file"
    path: str = Field(description="File to append to; its directory must exist.")


class FilePredictionsOptions(Options):
    """Predictions as JSON lines in a file."""

    type: Literal["file"] = "file"
    path: str = Field(description="File to append to; its directory must exist.")
