"""Whether the files are there that are read, and the folders that are written to."""

from __future__ import annotations

import os
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING, Any

from daemon.build.output_paths import unready_outputs
from daemon.doctor.edges import sinks, sources
from daemon.doctor.finding import ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config
    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup


def check_files(config: Config, _: Setup) -> Iterator[Finding]:
    """Look at the files of sources and sinks of type file."""
    for section, options in sources(config).items():
        if options.type == "file":
            yield from (_read(section, path, follow=options.follow) for path in _paths(options.path))
    unready = {str(place[0]): why for place, why in unready_outputs(config)}
    for section, options in sinks(config).items():
        if options is not None and options.type == "file":
            yield _written(section, str(options.path), why_not=unready.get(section, ""))


def _paths(path: Any) -> list[str]:
    entries = (path,) if isinstance(path, str) else path
    return [entry if isinstance(entry, str) else entry.path for entry in entries]


def _read(section: str, pattern: str, *, follow: bool) -> Finding:
    found = [pattern] if Path(pattern).exists() else sorted(glob(pattern))  # noqa: PTH207 - as the source does
    if not found and follow:
        return ok(f"{section}: there is no {pattern} yet; it is waited for")
    if not found:
        return problem(
            f"{section}: there is no {pattern}", "correct the path; a relative one is from where it runs"
        )
    hidden = [path for path in found if not os.access(path, os.R_OK)]
    if hidden:
        return problem(f"{section}: {hidden[0]} cannot be read by this user", "let it read the file")
    return ok(f"{section}: {pattern} can be read")


def _written(section: str, path: str, *, why_not: str) -> Finding:
    found, _, remedy = why_not.partition("; ")
    return problem(f"{section}: {found}", remedy) if found else ok(f"{section}: {path} can be written")
