"""Events from files: lines of CSV or JSON, and IDX images."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from connectors.files.former_places import former_places
from connectors.files.open_file import OpenFile
from connectors.files.patterns import expand
from connectors.files.place import FilePlace
from connectors.files.places import FilePlaces
from connectors.files.source_options import FileSourceOptions, topic_of
from connectors.one_offset import OneOffset
from connectors.rate_limit import RateLimit
from connectors.record import FILE_START, LocalRecord
from connectors.source import PartitionStatus, SourceDataError, SourceStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.files.source_options import FileEntry

log = logging.getLogger(__name__)

NOT_OPEN = "not open yet"
LOOK_SECONDS = 1.0  # how often files that are followed are looked at, beside the one that is being read


class FileSource(OneOffset):
    """Delivers the records of files in order; the offset counts records across all files.

    A snapshot has the place in every file, so that a file is known whatever its name or the list is by then: see
    ``FilePlaces``. At the end of the list it is made anew, and what has come meanwhile is read.
    """

    Options: ClassVar[type[FileSourceOptions]] = FileSourceOptions

    def __init__(
        self,
        options: FileSourceOptions,
        *,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._options = options
        self._clock = clock
        self._monotonic = monotonic
        self._sleep = sleep
        self._rate_limit = RateLimit(options.rate, monotonic=monotonic, sleep=sleep)
        self._places = FilePlaces((), on_lost_rest=options.on_lost_rest)
        self._listing: Iterator[tuple[FileEntry, FilePlace]] = iter(())
        self._file: OpenFile | None = None
        self._offset = 0
        self._pass_start = 0
        self._exhausted = False
        self._missing = NOT_OPEN
        self._look_at = 0.0
        self._topic = "file"
        self._headers: list[tuple[str, bytes]] = []
        self._at_end = False
        self._failure: SourceDataError | None = None
        self._last_progress = clock()

    def open(self, snapshot: Mapping[str, Any] | None) -> None:
        """Find the files and go to the snapshot's position; raise ``SourceDataError`` with the remedy."""
        self.close()
        self._failure, self._exhausted = None, False
        state: Mapping[str, Any] = snapshot or {"offset": 0, "files": []}
        known = [FilePlace.of_json(place) for place in state["files"]]
        if "former" in state:
            known = former_places(state["former"], expand(self._options))
        self._places = FilePlaces(known, on_lost_rest=self._options.on_lost_rest)
        self._offset = state["offset"]
        self._pass_start = -1 if known else self._offset
        self._last_progress = self._clock()
        self._look_at = 0.0
        self._list()
        self._find()

    def poll(self, max_records: int, timeout_seconds: float) -> Sequence[LocalRecord]:
        """Return up to ``max_records`` records, as the rate allows; raise ``SourceDataError`` for a damaged file.

        What could be read before the damage is delivered first. Where files are followed and have nothing new, it
        returns none after ``timeout_seconds``.
        """
        if self._failure is not None:
            raise self._failure
        if self._exhausted or not max_records:
            return []
        deadline = self._monotonic() + timeout_seconds
        records: list[LocalRecord] = []
        try:
            self._fill(records, self._rate_limit.due(max_records, timeout_seconds))
        except SourceDataError as error:
            if not records:
                raise
            self._failure = error
        self._at_end = not records
        if records:
            self._rate_limit.delivered(len(records))
            self._last_progress = self._clock()
        elif self._options.follow:
            self._sleep(max(0.0, deadline - self._monotonic()))
        return records

    def _fill(self, records: list[LocalRecord], wanted: int) -> None:
        while len(records) < wanted and (self._file is not None or self._find()):
            assert self._file is not None
            while len(records) < wanted and (item := self._file.read()) is not None:
                self._deliver(item, records)
            if len(records) < wanted and not self._go_on(records):
                return

    def _deliver(self, item: tuple[bytes, str | None], records: list[LocalRecord]) -> None:
        value, label = item
        headers = self._headers if label is None else [("label", label.encode()), *self._headers]
        if self._file is not None and self._file.records == 1:
            headers = [(FILE_START, self._file.entry.path.encode()), *headers]
        records.append(LocalRecord(self._topic, 0, self._offset, -1, None, value, list(headers)))
        self._offset += 1

    def _go_on(self, records: list[LocalRecord]) -> bool:
        """See what follows at the end of a file; return False where there is nothing to read at the moment."""
        file = self._file
        assert file is not None
        if self._options.follow and file.was_cut:
            log.info("%s was cut: reading it from its start", file.entry.path)
            self._open(file.entry, file.place().restarted())
            return True
        if self._options.follow and file.moved_away:
            if not file.over:
                return False
            if (rest := file.take_rest()) is not None:
                self._deliver(rest, records)
            self._look_at = 0.0
        self._places.put(file.place())
        return self._find()

    def _find(self) -> bool:
        """Open the next file; return False where there is none at the moment: without ``follow``, the end."""
        if self._monotonic() < self._look_at:
            return False
        for entry, place in self._rest_of_the_list():
            self._open(entry, place)
            return True
        if self._options.follow:
            self._look_at = self._monotonic() + LOOK_SECONDS
        else:
            self.close()
            self._exhausted = True
        return False

    def _open(self, entry: FileEntry, place: FilePlace) -> None:
        self.close()
        self._file = OpenFile(entry, place, options=self._options, monotonic=self._monotonic)
        self._topic = topic_of(entry.path, entry.topic)
        self._headers = [] if entry.task is None else [("task", entry.task.encode())]

    def _rest_of_the_list(self) -> Iterator[tuple[FileEntry, FilePlace]]:
        yield from self._listing
        if self._options.loop:
            self._begin_again()
        self._list()
        yield from self._listing

    def _list(self) -> None:
        entries = expand(self._options)
        there = any(Path(entry.path).is_file() for entry in entries)
        self._missing = "" if there else "there is no file to follow yet"
        self._listing = self._places.unread(entries)

    def _begin_again(self) -> None:
        if self._offset == self._pass_start:
            self.close()
            raise SourceDataError("source.path: the files hold no record at all, so loop: true would never end")
        self._pass_start = self._offset
        self._places.forget()

    def snapshot(self) -> dict[str, Any]:
        """Return the next offset, and the place in every file."""
        if self._file is not None:
            self._places.put(self._file.place())
        return {"offset": self._offset, "files": self._places.to_json()}

    def why_not_back_to(self, snapshot: Mapping[str, Any]) -> str:
        """Return what of the files is not there any more, as they were at the snapshot."""
        other = FileSource(self._options, clock=self._clock, monotonic=self._monotonic, sleep=self._sleep)
        try:
            other.open(snapshot)
        except SourceDataError as error:
            return str(error)
        finally:
            other.close()
        return ""

    def why_not_all_before(self, snapshot: Mapping[str, Any]) -> str:
        """Return whether files that were read before the snapshot are gone, or read several times."""
        known = [FilePlace.of_json(place) for place in snapshot.get("files", ())]
        if sum(place.records for place in known) != snapshot["offset"]:
            return "files that were read are not known by their names any more"
        gone = [place.path for place in known if not place.is_in(place.path)]
        return f"no longer there as they were read: {', '.join(gone)}" if gone else ""

    def commit(self, snapshot: Mapping[str, Any]) -> bool:
        """Return True: nobody else reads at these positions, so there is nobody to tell."""
        assert "files" in snapshot
        return True

    def status(self) -> SourceStatus:
        """Return the position in the current file's topic."""
        end = self._offset if self._exhausted or self._at_end else None
        partition = PartitionStatus(self._topic, 0, self._offset, end, self._last_progress)
        opened = self._missing != NOT_OPEN
        return SourceStatus(
            ready=not self._missing, reason=self._missing, partitions=(partition,) if opened else ()
        )

    @property
    def exhausted(self) -> bool:
        """Whether the last file was read to its end; never when looping or following."""
        return self._exhausted

    def close(self) -> None:
        """Close the current file."""
        if self._file is not None:
            self._file.close()
            self._file = None
