"""The places in files as earlier releases noted them: how many files were read, and where in the next one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from connectors.files.fingerprint import Fingerprint
from connectors.files.place import UNKNOWN, FileEnd, FilePlace
from connectors.files.places import numbered
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from connectors.files.source_options import FileEntry


def former_places(former: Mapping[str, Any], entries: Sequence[FileEntry]) -> list[FilePlace]:
    """Return the places in the files of a list that an earlier release has read in part.

    Raises ``SourceDataError`` where the list is not the one that was read: which of its files are new is not known.
    """
    count, path = former["file"], former["path"]
    keys = list(numbered(entries))
    if path is None and len(keys) != count:
        raise SourceDataError(
            f"source.path: the checkpoint of an earlier release has read {count} files without noting which, "
            f"and now there are {len(keys)}; leave just those {count} there for one start, then add the others"
        )
    if path is not None and path not in [name for name, _ in keys[count:][:1]]:
        raise SourceDataError(
            f"source.path: the checkpoint stopped in {path}, which is no longer file {count + 1} of the list; "
            "restore the list or start with an empty checkpoint directory"
        )
    places = [_read_to_its_end(*key) for key in keys[:count]]
    if path is not None and former["record"]:
        places.append(FilePlace(path, keys[count][1], records=former["record"], bytes=UNKNOWN))
    return places


def _read_to_its_end(path: str, nth: int) -> FilePlace:
    end = FileEnd.of(Path(path).stat())
    return FilePlace(path, nth, UNKNOWN, end.size, 0, end, Fingerprint.before(path, end.size))
