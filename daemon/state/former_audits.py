"""The two logs that there were before there was one: what was skipped, unchained, and what was erased."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from daemon.state.audit_chain import unchained, whole_lines
from daemon.state.durable import sync_directory
from daemon.state.erasure import ERASURE
from daemon.state.state_error import DamagedError

if TYPE_CHECKING:
    from pathlib import Path

CARRIED = "carried over"
"""What the log calls the entry before those of a former file."""


@dataclass(frozen=True, slots=True)
class FormerAudit:
    """A former file whose entries are to be carried over."""

    path: Path
    content: bytes
    entries: list[dict[str, Any]]
    damage: str
    """Why it is not as it was written; empty where it is, or where nothing tells."""

    @property
    def kept_as(self) -> Path:
        """What the file is called once its entries are carried over; it stays, byte by byte."""
        return self.path.with_name(f"{self.path.stem}-before.jsonl")

    @property
    def head(self) -> dict[str, Any]:
        """What the log says before its entries: which file that was."""
        told = {"what": CARRIED, "file": self.path.name, "kept_as": self.kept_as.name, "entries": len(self.entries)}
        told |= {"bytes": len(self.content), "sha256_of_file": hashlib.sha256(self.content).hexdigest()}
        return told | ({"damage": self.damage} if self.damage else {})

    def is_carried(self, log: bytes) -> bool:
        """Tell whether the log, changed or not, has it already."""
        return f'"sha256_of_file": "{self.head["sha256_of_file"]}"'.encode() in log

    def put_away(self) -> None:
        """Let the file have its later name, if it still has its own."""
        if self.path.exists():
            self.path.rename(self.kept_as)
            sync_directory(self.path.parent)


def former_skips(path: Path, content: bytes) -> FormerAudit | None:
    """Return the unchained lines of ``audit.jsonl``; None where they are chained, or there are none."""
    lines = content.splitlines()
    if not lines or b'"before": "' in lines[0]:
        return None
    return FormerAudit(path, content, [_entry(line) for line in lines], damage="")


def former_erasures(path: Path) -> FormerAudit | None:
    """Return ``erasures.jsonl``; None where there is none."""
    if not path.exists():
        return None
    content = path.read_bytes()
    try:
        entries, _ = unchained(whole_lines(content), path=path)
        damage = ""
    except DamagedError as error:
        entries, damage = [_entry(line) for line in content.splitlines()], str(error)
    return FormerAudit(path, content, [{"what": ERASURE, **each} for each in entries], damage)


def _entry(line: bytes) -> dict[str, Any]:
    try:
        entry = json.loads(line)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        return {"what": "a line that says nothing", "line": line.decode(errors="backslashreplace")}
    return {name: value for name, value in entry.items() if name not in {"before", "sha256"}}
