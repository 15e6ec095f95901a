"""All checks, one after another."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from connectors.printable import printable
from daemon.doctor import CONFIGURED, MACHINE
from daemon.doctor.configuration import read_configuration
from daemon.doctor.finding import Finding, warning
from daemon.doctor.setup import Setup
from daemon.process.redaction import redacted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path


def examine(file: Path | None, *, timeout_seconds: float) -> Iterator[tuple[str, Finding]]:
    """Yield every finding as it is made, with its check's name; without a valid file, those of the machine."""
    config, read = read_configuration(file) if file is not None else (None, [])
    yield from _made("configuration", lambda: read)
    setup = Setup(config=config, timeout_seconds=timeout_seconds)
    for name, check in MACHINE.items():
        yield from _made(name, partial(check, setup))
    if config is not None:
        for name, configured in CONFIGURED.items():
            yield from _made(name, partial(configured, config, setup))


def _made(name: str, check: Callable[[], Iterable[Finding]]) -> Iterator[tuple[str, Finding]]:
    try:
        for finding in check():
            yield name, Finding(finding.level, _shown(finding.found), _shown(finding.remedy))
    except Exception as error:  # noqa: BLE001 - one check that fails must not hide what the others find
        fault = warning(f"this check failed: {type(error).__name__}: {error}", "report it as a bug")
        yield name, Finding(fault.level, _shown(fault.found), fault.remedy)


def _shown(text: str) -> str:
    """Return a text without secrets, and with escapes for what nobody sees in the names of a stream."""
    return printable(redacted(text), keep="\n\t")
