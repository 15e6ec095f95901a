"""The options of the file sinks: dead letters and predictions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ByteSize, Field

from connectors.options import Options


class OutputFileOptions(Options):
    """What files of lines have in common."""

    path: str = Field(
        description="File to append to; its directory must exist. SIGUSR1 opens it anew, as logrotate asks for."
    )
    max_bytes: Annotated[ByteSize, Field(ge=4096)] | None = Field(
        None,
        description='Size, such as "256MiB", beyond which the file becomes path.1, what was that path.2, and so on;'
        " unlimited by default.",
    )
    keep: int = Field(
        5,
        ge=1,
        le=10_000,
        description="With max_bytes, how many of path.1, path.2, … are kept; more only until the next checkpoint.",
    )


class FileDeadLettersOptions(OutputFileOptions):
    """Dead letters as JSON lines in a file."""

    type: Literal["file"] = "file"


class FilePredictionsOptions(OutputFileOptions):
    """Predictions as JSON lines in a file."""

    type: Literal["file"] = "file"
