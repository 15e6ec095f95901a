"""What a check of the set-up has found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It runs, but probably not as it is meant to."""
    PROBLEM = "problem"
    """It does not run, or loses what was learned."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about the set-up, and what to do about it."""

    level: Level
    found: str
    remedy: str = ""


def ok(found: str) -> Finding:
    """Return what is as it should be."""
    return Finding(Level.OK, found)


def warning(found: str, remedy: str) -> Finding:
    """Return what is probably not meant."""
    return Finding(Level.WARNING, found, remedy)


def problem(found: str, remedy: str) -> Finding:
    """Return what must be mended."""
    return Finding(Level.PROBLEM, found, remedy)


def raised(error: Exception, *, prefix: str = "") -> Finding:
    """Return an error that says what is wrong, a semicolon, and what mends it."""
    found, _, remedy = str(error).partition("; ")
    return problem(f"{prefix}{found}", remedy)
