"""The files that the paths and patterns of a file source's options name."""

from __future__ import annotations

import glob
from pathlib import Path
from typing import TYPE_CHECKING

from connectors.files.source_options import FileEntry
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from connectors.files.source_options import FileSourceOptions

GLOB_LETTERS = frozenset("*?[")


def expand(options: FileSourceOptions) -> list[FileEntry]:
    """Return one entry for each existing file.

    Raises ``SourceDataError`` where a path or pattern has none, unless files are followed, which may come later.
    """
    given = (options.path,) if isinstance(options.path, str) else options.path
    entries = [FileEntry(path=entry) if isinstance(entry, str) else entry for entry in given]
    if options.labels is not None and len(entries) > 1:
        raise SourceDataError(
            "source.labels: applies to a single file; for several, give {path, labels} in the list of path"
        )
    common = {name: value for name in ("labels", "task", "topic") if (value := getattr(options, name)) is not None}
    return [
        entry.model_copy(update={"path": path, **{n: v for n, v in common.items() if getattr(entry, n) is None}})
        for entry in entries
        for path in _paths(entry.path, required=not options.follow)
    ]


def _paths(pattern: str, *, required: bool) -> list[str]:
    path = Path(pattern).expanduser()
    if path.is_file():
        return [str(path)]
    patterned = not GLOB_LETTERS.isdisjoint(pattern)
    if patterned:
        names = glob.glob(str(path), recursive=True)  # noqa: PTH207  # Path.glob refuses absolute patterns
        found = sorted(name for name in names if Path(name).is_file())
        if found:
            return found
    if path.exists() and not patterned:
        raise SourceDataError(f"{pattern}: {_instead_of_a_file(path)}")
    if not required:
        return [] if patterned else [str(path)]
    what = "no file matches this pattern" if patterned else "there is no such file"
    raise SourceDataError(f"{pattern}: {what}; correct source.path (relative paths start at {Path.cwd()})")


def _instead_of_a_file(path: Path) -> str:
    if path.is_dir():
        return f"is a directory; let source.path name the files in it, such as {path}/*"
    return (
        "is no regular file, and what it has brought could not be read again after a crash; write that into a file,"
        " and read it with source.follow: true"
    )
