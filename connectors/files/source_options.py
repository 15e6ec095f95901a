"""The options of the file source."""

from __future__ import annotations

from pathlib import PurePath
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from connectors.options import Options


class FileEntry(BaseModel):
    """One file, or several that match a pattern."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(
        description="A path, or a pattern such as data/*.csv.gz, whose files are read in order of name."
    )
    labels: str | None = Field(None, description="IDX file with the labels, where path is an IDX file.")
    task: str | None = Field(None, description="Task name for all events of the file, put into the header task.")
    topic: str | None = Field(
        None, description="Topic of the records; by default the file's name up to the first dot."
    )


def topic_of(path: str, given: str | None) -> str:
    """Return the topic of a file's records: the one that is given, or the name up to the first dot.

    >>> topic_of("plant/labels.jsonl.gz", None), topic_of("a.csv", "plant")
    ('labels', 'plant')
    """
    return given or PurePath(path).name.split(".")[0] or "file"


class FileSourceOptions(Options):
    """Files read one after another, plain or gzip: one record per line, or per image of an IDX file."""

    type: Literal["file"] = "file"
    path: str | tuple[str | FileEntry, ...] = Field(
        min_length=1, description="A path or pattern, or a list of them and of {path, labels, task, topic}."
    )
    labels: str | None = Field(None, description="IDX file with the labels, where path is a single IDX file.")
    task: str | None = Field(None, description="Task name for all events, put into the header task.")
    topic: str | None = Field(
        None, description="Topic of the records; by default each file's name up to the first dot."
    )
    format: Literal["auto", "lines", "csv", "idx"] = Field(
        "auto",
        description="auto decides by name: idx for *-idx3-ubyte(.gz), else lines. csv: a record goes on over line"
        " breaks within quotes.",
    )
    follow: bool = Field(
        False,
        description=(
            "At the end wait for more, as tail -F does: lines that are appended (whole ones only), files that are "
            "added, or take the place of one that was rotated or emptied."
        ),
    )
    on_lost_rest: Literal["fail", "skip"] = Field(
        "fail",
        description=(
            "When a file of which a part was still to be read is gone, replaced or cut, and found under no other "
            "name: fail, or go on without the rest."
        ),
    )
    rate: float | None = Field(None, gt=0, description="Events per second; unlimited by default.")
    loop: bool = Field(False, description="Start again after the last file, endlessly; offsets keep growing.")

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.loop and self.follow:
            raise ValueError("loop starts again at the end, follow waits there; give only one of them")
        return self
