"""A configuration that is being written, with the remarks that will stand in it."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from connectors.printable import printable
from daemon.config.sections import HttpSection
from daemon.config.yaml_text import yaml_text

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.config.errors import KeyPath

_LONGEST = 200


@dataclass(slots=True)
class Draft:
    """Sections by name, remarks by the path of what they stand beside, and lines below a section."""

    sections: dict[str, Any] = field(default_factory=dict)
    remarks: dict[KeyPath, str] = field(default_factory=dict)
    below: dict[str, list[str]] = field(default_factory=dict)
    """Comments at the end of a section, a line each; options that are commented out are among them."""

    def say(self, *path: str, text: str) -> None:
        """Put a remark beside a value."""
        self.remarks[path] = text

    def add_below(self, section: str, text: str) -> None:
        """Put a comment below a section."""
        self.below.setdefault(section, []).append(text)

    def text(self, *heading: str) -> str:
        """Return it as YAML with a heading."""
        parts = ["\n".join(_comment(line) for line in heading)]
        for name, value in self.sections.items():
            part = [yaml_text({name: value}, remark=lambda path: _said(self.remarks.get(path, "")))]
            part += [f"  {_comment(line)}" for line in self.below.get(name, ())]
            parts.append("\n".join(part))
        return "\n\n".join(parts) + "\n"


def _comment(line: str) -> str:
    return f"# {_said(line)}" if line else "#"


def _said(text: str) -> str:
    return printable(text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…")


def free_port() -> int:
    """Return the default port of the HTTP server where it is free here, else 0, which picks one that is."""
    port: int = HttpSection().port
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return 0
    return port


def own_paths(output: Path, name: str) -> dict[str, str]:
    """Return where the daemon keeps what it learns and writes, beside its configuration file."""
    folder = output.absolute().parent
    return {
        "state": str(folder / f"{name}-state"),
        "predictions": str(folder / f"{name}-predictions.jsonl"),
        "dead_letters": str(folder / f"{name}-dead-letters.jsonl"),
    }
