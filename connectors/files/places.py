"""Which file is read next, and from where: everything that was read is known, whatever its name is by now."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from connectors.files.place import FileEnd, FilePlace
from connectors.source import SourceDataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from connectors.files.source_options import FileEntry

log = logging.getLogger(__name__)

Key = tuple[str, int]
KEPT_OF_ABSENT_FILES = 1_000


class FilePlaces:
    """The places in all files that were read, or are listed no more but may come back.

    A file is known by its path and by the bytes before the place in it. What was renamed keeps its place; what has
    other bytes under a known path is another file, and is read from its start.
    """

    def __init__(self, places: Iterable[FilePlace], *, on_lost_rest: Literal["fail", "skip"]) -> None:
        self._places = {place.key: place for place in places}
        self._on_lost_rest = on_lost_rest
        self._known: dict[Key, FileEnd] = {}
        """The files that were looked at, and are the ones that were read."""
        self._as_json: dict[Key, tuple[FilePlace, dict[str, Any]]] = {}
        self._sought: list[FilePlace] = []
        """Places of files that were looked for under other names already."""

    def put(self, place: FilePlace) -> None:
        """Note how far a file was read."""
        self._places[place.key] = place
        if place.end is not None:
            self._known[place.key] = place.end

    def forget(self) -> None:
        """Know no file any more."""
        self._places, self._known, self._as_json = {}, {}, {}

    def to_json(self) -> list[dict[str, Any]]:
        """Return all places as JSON values, in the order in which their files were first read.

        Asked for at every turn: what has not changed is the same object as before.
        """
        before = self._as_json
        self._as_json = {
            key: known if (known := before.get(key)) and known[0] == place else (place, place.to_json())
            for key, place in self._places.items()
        }
        return [values for _, values in self._as_json.values()]

    def unread(self, entries: Sequence[FileEntry]) -> Iterator[tuple[FileEntry, FilePlace]]:
        """Yield what is to be read of listed files, in their order; a file that is read in part comes first.

        What was rotated away before its end comes before what has its name now. Raises ``SourceDataError`` where
        the rest of a file is lost.
        """
        listed = numbered(entries)
        for place in [place for place in self._places.values() if place.end is None]:
            if begun := self._rest_of(place, listed):
                yield begun
        orphans = [place for place in self._places.values() if place.end and not self._is_in_place(place)]
        found = [(entry, self._place_of(key, orphans)) for key, entry in listed.items() if Path(key[0]).is_file()]
        yield from [rotated for orphan in orphans if (rotated := self._rotated(orphan, listed))]
        for entry, place in found:
            if place.end is None or place.end != self._known.get(place.key):
                yield entry, place
        self._forget_absent(listed)

    def _place_of(self, key: Key, orphans: list[FilePlace]) -> FilePlace:
        """Return the place in a listed file; it has the file's end where nothing new is to be read."""
        known = self._places.get(key)
        if known is not None and self._is_in_place(known):
            return self._places[key]
        for orphan in orphans:
            if orphan.was_renamed_to(key[0]):
                orphans.remove(orphan)
                return self._take_over(orphan, key)
        if known is not None:
            log.info("%s is another file than the one that was read under this name: reading it", key[0])
        return FilePlace(*key)

    def _rotated(self, orphan: FilePlace, listed: dict[Key, FileEntry]) -> tuple[FileEntry, FilePlace] | None:
        """Return a file that lost its place in the list, with the place in it, where it has got more since."""
        entry = listed.get(orphan.key)
        if entry is None or orphan in self._sought:
            return None
        self._sought.append(orphan)
        for path in _other_names(orphan.path, ()):
            if orphan.has_grown_as(path):
                log.info("%s is now %s: reading the rest of it", orphan.path, path)
                return entry.model_copy(update={"path": path}), self._take_over(orphan, (path, orphan.nth))
        return None

    def _take_over(self, orphan: FilePlace, key: Key) -> FilePlace:
        if self._places.get(orphan.key) is orphan:
            del self._places[orphan.key]
        self._known.pop(orphan.key, None)
        place = self._places[key] = orphan.moved(*key)
        return self._places[key] if self._is_in_place(place) else place

    def _is_in_place(self, place: FilePlace) -> bool:
        """Whether the file that was read is what is found under its path; ``_known`` is then how it is now."""
        try:
            now = FileEnd.of(Path(place.path).stat())
        except OSError:
            return False
        if self._known.get(place.key) == now:
            return True
        if not place.is_in(place.path):
            return False
        # A new time alone is nothing to read.
        if place.end is not None and now.size == place.end.size:
            self._places[place.key] = place.ended(now)
        self._known[place.key] = now
        return True

    def _rest_of(self, place: FilePlace, listed: dict[Key, FileEntry]) -> tuple[FileEntry, FilePlace] | None:
        """Return the file that was being read, whatever its name is now; None where it is lost and may be."""
        entry = listed.get(place.key)
        if place.is_in(place.path):
            return (entry, place) if entry else self._lose(place, "which is no longer in the list")
        for path in _other_names(place.path, listed):
            entry = listed.get((path, 0), entry)
            if entry is not None and place.is_known and place.is_in(path):
                log.info("%s is now %s: reading the rest of it", place.path, path)
                return entry.model_copy(update={"path": path}), self._take_over(place, (path, place.nth))
        return self._lose(place, "whose rest is no longer there")

    def _lose(self, place: FilePlace, how: str) -> tuple[FileEntry, FilePlace] | None:
        if self._on_lost_rest == "fail" and place.records:
            raise SourceDataError(
                f"source.path: the checkpoint stopped after {place.records} records of {place.path}, {how}; "
                "restore the file or the list, or set source.on_lost_rest: skip to go on without the rest"
            )
        log.warning("going on without what came after %d records of %s, %s", place.records, place.path, how)
        del self._places[place.key]
        return None

    def _forget_absent(self, listed: dict[Key, FileEntry]) -> None:
        absent = [key for key in self._places if key not in listed]
        for key in absent[: max(0, len(absent) - KEPT_OF_ABSENT_FILES)]:
            del self._places[key]
            self._known.pop(key, None)


def numbered(entries: Sequence[FileEntry]) -> dict[Key, FileEntry]:
    """Return the entries by path and, where one path is listed several times, by which of them it is."""
    found: dict[Key, FileEntry] = {}
    for entry in entries:
        nth = 0
        while (entry.path, nth) in found:
            nth += 1
        found[entry.path, nth] = entry
    return found


def _other_names(path: str, listed: Iterable[Key]) -> Iterator[str]:
    """Yield the names that a file may have by now: those of the list, and what rotation makes of its own."""
    yield from (name for name, _ in listed if name != path)
    stem = Path(path).name.split(".", maxsplit=1)[0]
    folder = Path(path).parent
    if folder.is_dir():
        yield from sorted(str(each) for each in folder.iterdir() if each.name.startswith(stem) and each.is_file())
