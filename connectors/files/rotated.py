"""The names of a file's predecessors: ``path.1`` is the newest, as logrotate and what ships logs expect."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def rotated(path: Path) -> dict[int, Path]:
    """Return the predecessors that there are, by number, the newest first; numbers may be missing."""
    name = re.compile(rf"{re.escape(path.name)}\.([1-9]\d*)")
    if not path.parent.is_dir():
        return {}
    found = {int(match[1]): each for each in path.parent.iterdir() if (match := name.fullmatch(each.name))}
    return dict(sorted(found.items()))


def shift(path: Path) -> None:
    """Move the file to ``path.1``, and those that are there one number on, as far as they have to make room."""
    taken = rotated(path)
    last = 1
    while last in taken:
        last += 1
    for number in range(last, 1, -1):
        taken[number - 1].rename(_nth(path, number))
    path.rename(_nth(path, 1))


def bring_back(path: Path, number: int) -> None:
    """Make a predecessor the file again, and remove what came after it; interrupted, it can be done again."""
    there = rotated(path)
    for each in (path, *(there[newer] for newer in there if newer < number)):
        each.unlink(missing_ok=True)
    there[number].rename(path)


def remove_oldest(path: Path, *, keep: int, needed: int | None) -> None:
    """Remove predecessors beyond the newest ``keep``, but not the one with the inode ``needed``, nor later ones."""
    numbers = list(rotated(path).items())
    held = next((index for index, (_, each) in enumerate(numbers) if _inode(each) == needed), -1)
    for _, each in numbers[max(keep, held + 1) :]:
        each.unlink(missing_ok=True)


def number_of(path: Path, inode: int) -> int | None:
    """Return which predecessor has this inode, None where there is none."""
    return next((number for number, each in rotated(path).items() if _inode(each) == inode), None)


def _nth(path: Path, number: int) -> Path:
    return path.with_name(f"{path.name}.{number}")


def _inode(path: Path) -> int | None:
    try:
        return path.lstat().st_ino
    except FileNotFoundError:
        return None
