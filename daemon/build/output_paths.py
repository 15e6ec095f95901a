"""Whether files that are written to are files, and nobody else's: the stream's, the state's, or each other's."""

from __future__ import annotations

import os
import re
import stat
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from daemon.config.errors import ConfigError, KeyPath, dotted
from daemon.state.own_places import own_places

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.schema import Config

_OUTPUTS = ("predictions", "dead_letters")
_READ = re.compile(r"(.*_file|web_config|pretrained)")


def require_output_paths(config: Config) -> None:
    """Raise ``ConfigError`` where writing an output would damage, or be, something else.

    Paths are compared by what they lead to: through links, ``..`` and hard links.
    """
    problems = [config.error(path, why) for path, why in _problems(config)]
    if problems:
        raise ConfigError([each for error in problems for each in error.problems])


def _problems(config: Config) -> Iterator[tuple[KeyPath, str]]:
    outputs = {section: path for section in _OUTPUTS if (path := written_by(config, section)) is not None}
    for section, path in outputs.items():
        why = _no_file(path) or _not_free(path, section, config)
        if not why and section == "dead_letters" and "predictions" in outputs:
            why = _same_output(path, outputs["predictions"])
        if why:
            yield (section, "path"), why


def written_by(config: Config, section: str) -> Path | None:
    """Return the path of the file that a sink writes, None where it writes none."""
    options: Any = getattr(config, section)
    return None if options is None or options.type != "file" else Path(options.path)


def written_places(config: Config) -> dict[str, Path]:
    """Return all that the daemon writes to on disks: the state directory, and files of its sinks."""
    outputs = {section: path for section in _OUTPUTS if (path := written_by(config, section)) is not None}
    return {"state": Path(config.checkpoint.directory), **outputs}


def unready_outputs(config: Config) -> Iterator[tuple[KeyPath, str]]:
    """Yield where an output cannot be written by this user on this machine, and why; a daemon would wait for it."""
    state = Path(config.checkpoint.directory).absolute()
    for section in _OUTPUTS:
        path = written_by(config, section)
        if path is not None and (why := _not_writable(path.absolute(), state)):
            yield (section, "path"), why


def _not_writable(path: Path, state: Path) -> str:
    folder = path.parent
    if not folder.exists() and folder not in state.parents:  # those are made with the state directory
        return f"there is no folder {folder}; make it, since only checkpoint.directory is made"
    place = next(each for each in (path, *path.parents) if each.exists())
    if not os.access(place, os.W_OK | (os.X_OK if place.is_dir() else 0)):
        return f"{place} cannot be written by this user; let it write there"
    return ""


def _no_file(path: Path) -> str:
    if path.is_dir():
        return f"{path} is a directory; name a file in it"
    above = next((each for each in path.absolute().parents if each.exists()), None)
    if above is not None and not above.is_dir():
        return f"{above} is a file and no directory; correct the path"
    return ""


def _not_free(path: Path, section: str, config: Config) -> str:
    state = Path(config.checkpoint.directory)
    if any(_is_within(path, own) for own in own_places(state)):
        return f"{path} is the daemon's own, in the state directory {state}; write it elsewhere"
    for place, read in _inputs(config):
        if _matches(path, read):
            return f"{path} is what {dotted(place)} reads; write the {section} to another file"
    return ""


def _same_output(path: Path, other: Path) -> str:
    if _is_device(path):
        return ""
    if _same(path, other):
        return f"{path} is the file of the predictions; give the dead letters one of their own"
    mine, theirs = (os.path.realpath(each) for each in (path, other))
    if any(re.fullmatch(rf"{re.escape(one)}\.\d+", two) for one, two in ((mine, theirs), (theirs, mine))):
        return f"{path} and {other} are the names that one gets when the other is rotated; choose another name"
    return ""


def _inputs(config: Config) -> Iterator[tuple[KeyPath, str]]:
    """Yield what is read: the stream, the rows before it, and whatever file an option names."""
    document = config.document
    if document is not None:
        yield ("this configuration",), document.file
    sources: list[tuple[KeyPath, Any]] = [(("source", "path"), config.source)]
    if config.reference is not None:
        sources.append((("reference", "source", "path"), config.reference.source))
    for place, options in sources:
        if options.type == "file":
            yield from ((place, path) for path in _entries(options))
    yield from _files_named_in(config, ())


def _entries(options: Any) -> list[str]:
    listed = (options.path,) if isinstance(options.path, str) else options.path
    found = [entry if isinstance(entry, str) else entry.path for entry in listed]
    labels = [getattr(entry, "labels", None) for entry in listed]
    return [*found, *(str(each) for each in labels if each)]


def _files_named_in(value: Any, path: KeyPath) -> Iterator[tuple[KeyPath, str]]:
    if isinstance(value, BaseModel):
        value = dict(value)
    if isinstance(value, dict):
        for key, entry in value.items():
            if isinstance(entry, str) and _READ.fullmatch(str(key)):
                yield (*path, str(key)), entry
            else:
                yield from _files_named_in(entry, (*path, str(key)))
    elif isinstance(value, list | tuple):
        for index, item in enumerate(value):
            yield from _files_named_in(item, (*path, index))


def _matches(path: Path, read: str) -> bool:
    pattern = Path(read).expanduser()
    if _is_device(path):
        return False
    if _same(path, pattern):
        return True
    if not any(sign in read for sign in "*?["):
        return False
    whole = Path(os.path.realpath(pattern.parent), pattern.name)
    real = Path(os.path.realpath(path))
    return real.match(str(whole)) or ("**" in read and fnmatchcase(str(real), str(whole)))


def _same(one: Path, other: Path) -> bool:
    if os.path.realpath(one) == os.path.realpath(other):
        return True
    try:
        return one.samefile(other)
    except OSError:
        return False


def _is_within(path: Path, directory: Path) -> bool:
    there = os.path.realpath(directory)
    return os.path.realpath(path) == there or os.path.realpath(path).startswith(there.rstrip("/") + "/")


def _is_device(path: Path) -> bool:
    try:
        return stat.S_ISCHR(path.stat().st_mode)
    except OSError:
        return False
