"""What is wrong with a configuration file, where, and what to do about it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

KeyPath = tuple[str | int, ...]
"""Where a value is: keys of mappings and indices of lists, from the top of the file."""

SECRET_WORDS = re.compile(r"pass?wo?r?d|passphrase|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
REDACTED = "[redacted]"
_SECRET_VALUE = re.compile(rf"((?:{SECRET_WORDS.pattern})[\w.-]*[\"']?\s*[:=]\s*)\S.*", re.IGNORECASE)
_WIDTH = 120


@dataclass(frozen=True, slots=True, order=True)
class TextPosition:
    """A place in a text file; lines and columns count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration file."""

    file: str
    position: TextPosition | None
    """None where the file could not be read at all."""
    path: KeyPath
    """The key that it is about; empty for the whole file."""
    message: str
    """What is wrong, with what was expected and found."""
    expected: str = ""
    """What would be right, on its own; empty where there is nothing general to say."""
    suggestion: str = ""
    """The nearest valid word."""
    source_line: str = ""
    """The offending line of the file."""

    def __str__(self) -> str:
        place = f":{self.position.line}:{self.position.column}" if self.position else ""
        parts = (f"{self.file}{place}", dotted(self.path), self.message)
        hint = f'; did you mean "{self.suggestion}"?' if self.suggestion else ""
        return _shown(": ".join(part for part in parts if part)) + hint + self._excerpt()

    def _excerpt(self) -> str:
        if self.position is None or not self.source_line.strip():
            return ""
        start = max(0, self.position.column - 1 - _WIDTH // 2)
        line = redact_line(self.source_line)[start : start + _WIDTH]
        before = re.sub(r"[^\t]", " ", _shown(line[: self.position.column - 1 - start]))
        return f"\n    {_shown(line)}\n    {before}^"


def _shown(text: str) -> str:
    from connectors.printable import printable  # noqa: PLC0415 - with it come all connectors, which --help can do without

    return printable(text)


class ConfigError(Exception):
    """The configuration cannot be used; holds every problem found. The process exits 78.

    >>> str(ConfigError([Problem("a.yaml", TextPosition(2, 1), ("sede",), "unknown key", suggestion="seed")]))
    'a.yaml:2:1: sede: unknown key; did you mean "seed"?'
    """

    def __init__(self, problems: Sequence[Problem]) -> None:
        assert problems
        super().__init__(problems)
        self.problems: tuple[Problem, ...] = tuple(sorted(problems, key=_place))

    def __str__(self) -> str:
        return "\n".join(map(str, self.problems))


def _place(problem: Problem) -> tuple[TextPosition, str]:
    return problem.position or TextPosition(0, 0), dotted(problem.path)


def dotted(path: KeyPath) -> str:
    """Return a path as people write it.

    >>> dotted(("strategies", 1, "rows"))
    'strategies[1].rows'
    """
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")


def redact_line(line: str) -> str:
    """Return a line of the file without what looks like a secret.

    >>> redact_line("sasl_plain_password: hunter2")
    'sasl_plain_password: [redacted]'
    """
    return _SECRET_VALUE.sub(rf"\1{REDACTED}", line)
