"""What a check found, as pairs that read well in a test."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from daemon.doctor.finding import Finding


def levels(findings: Iterable[Finding]) -> list[str]:
    return [str(finding.level) for finding in findings]


def only(findings: Iterable[Finding]) -> Finding:
    """The one finding; a test that expects one fails with all of them."""
    every = list(findings)
    assert len(every) == 1, every
    return every[0]


def worst(findings: Iterable[Finding]) -> Finding:
    """The gravest finding, the first of its kind."""
    every = list(findings)
    return max(every, key=lambda finding: ["ok", "warning", "problem"].index(finding.level))
