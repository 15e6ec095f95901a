"""Where the data is: a file, or a topic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connectors import SOURCES
from daemon.proposal.refusal import NoProposalError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_GLOB = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Stream:
    """A source's section of the configuration, and a name for what it brings."""

    name: str
    section: dict[str, Any]

    @property
    def is_topic(self) -> bool:
        """Whether it goes on, and its records may have keys of their own."""
        return bool(self.section["type"] == "kafka")

    @property
    def options(self) -> Any:
        """The section as the source takes it; raises ``NoProposalError`` where an option is wrong."""
        try:
            return SOURCES[self.section["type"]].Options.model_validate(self.section)
        except ValidationError as error:
            raise NoProposalError("; ".join(str(each["msg"]) for each in error.errors())) from None

    def reading_quotes(self) -> Stream:
        """Return the same files, read so that a quoted value may have line breaks."""
        return Stream(self.name, {**self.section, "format": "csv"})


def stream_at(place: str, *, bootstrap_servers: str | None, client: Mapping[str, Any]) -> Stream:
    """Return a topic where brokers are given, else files; raise ``NoProposalError`` where there is neither."""
    if bootstrap_servers is not None:
        section: dict[str, Any] = {"type": "kafka", "bootstrap_servers": bootstrap_servers, "topics": [place]}
        return Stream(_name(place), {**section, "client": dict(client)} if client else section)
    path = Path(place).expanduser()
    if path.is_file() or not _GLOB.isdisjoint(place):
        return Stream(_name(path.name.split(".")[0]), {"type": "file", "path": str(path.absolute())})
    what = "is a folder; name a file in it, or a pattern in quotes" if path.is_dir() else "is no file"
    raise NoProposalError(f"{place} {what}; for a topic, say where: --bootstrap-servers HOST:PORT")


def _name(text: str) -> str:
    """Return a name for the daemon.

    >>> _name("Über plant (2024)")
    'ber-plant-2024'
    """
    return _NOT_IN_A_NAME.sub("-", text).strip("-._")[:100] or "stream"
