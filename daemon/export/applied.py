"""An exported model at work on a file of events, without a daemon."""

from __future__ import annotations

import csv
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np
import orjson

from connectors.record import LocalRecord
from connectors.sink import Prediction
from daemon.build.later_intake import event_options, in_the_stream
from daemon.build.rows import build_origins, build_rows, number_text
from daemon.export.description import KEY, Description, NotExportedError
from daemon.export.file_labels import FileLabels, InEvents, InTheFuture
from daemon.export.known_keys import KnownKeys
from daemon.export.runtime import run, session_of
from daemon.intake.features.categories import Categories
from daemon.intake.labels.encoder import label_encoder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.decoder import Reject, Rows

_AT_ONCE = 512


class AppliedModel:
    """Predicts events one after another, as the daemon would at the moment of the export.

    What a row depends on besides its event begins anew: lags, rolling statistics and what is known of keys are
    those of the events given here, and so are means and last values in place of missing ones. Labels among the
    events are repeated, and known to later rows; whom the committee believes stays as it was.
    """

    def __init__(self, path: Path) -> None:
        """Open an export; raise ``NotExportedError`` where it is none."""
        if not path.is_file():
            raise NotExportedError(f"{path} is no file; `retaind export --to {path}` writes one")
        self._session = session_of(str(path))
        text = self._session.get_modelmeta().custom_metadata_map.get(KEY)
        if text is None:
            raise NotExportedError(f"{path} was not written by `retaind export`")
        self.description = Description.read(text, path=str(path))
        config = self.description.config()
        labels = label_encoder(config.label, known=self.description.classes, text=number_text(config.decoder))
        in_the_future = config.label.origin == "stream"
        categories = Categories(config.features.categories)
        self._rows = build_rows(
            config,
            event_options(config) if in_the_future else config.decoder,
            labels=labels,
            origins=build_origins(config),
            categories=categories,
            later_labels=in_the_future,
        )
        self._rows.decoder.load_state_dict(self.description.state["decoder"])
        categories.load_state_dict(self.description.state["categories"])
        self._labels: FileLabels = (
            InTheFuture(config, in_the_stream(config, labels)) if in_the_future else InEvents(config, labels)
        )
        self._repeats_labels = not in_the_future
        self._known = KnownKeys(self.description)

    def events(self, file: TextIO, *, name: str) -> Iterator[dict[str, Any]]:
        """Yield a file's events: CSV where its name ends with .csv, else JSON lines; raise ``NotExportedError``."""
        if name.endswith(".csv"):
            told = self.description.csv
            names = None if told.get("header") or "columns" not in told else told["columns"]
            yield from csv.DictReader(file, fieldnames=names, delimiter=told.get("delimiter", ","))
            return
        for number, line in enumerate(file, start=1):
            if line.strip():
                yield _object(line, place=f"{name}:{number}")

    def predict(self, events: Iterator[dict[str, Any]], *, name: str) -> Iterator[Prediction | Reject]:
        """Yield what is said of each event, in order, or why nothing can be."""
        offset = 0
        while some := list(islice(events, _AT_ONCE)):
            records = [
                LocalRecord(name, 0, offset + place, -1, None, orjson.dumps(event), [])
                for place, event in enumerate(some)
            ]
            offset += len(some)
            rows, rejects = self._rows.decode(records)
            yield from rejects
            if len(rows):
                yield from self._predictions(rows)

    def _predictions(self, rows: Rows) -> Iterator[Prediction]:
        told = self._labels.follow(rows)
        x = self._rows.columns(rows, told.values, known_labels=told.known)
        said = run(self._session, x, self._known.follow(rows.key, x, told.heard))
        classes = self.description.classes
        for record, row, label in zip(rows.records, said.tolist(), rows.label, strict=True):
            best = int(np.argmax(row)) if classes else 0
            yield Prediction(
                record,
                prediction=classes[best] if classes else row[0],
                confidence=row[best] if classes else None,
                label=label if self._repeats_labels else None,
                task="",
                step=self.description.step,
            )


@contextmanager
def opened(path: Path) -> Iterator[TextIO]:
    """Open a file of events; raise ``NotExportedError`` where that can't be."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            yield file
    except (OSError, UnicodeDecodeError) as error:
        raise NotExportedError(f"{path} cannot be read: {error}") from error


def _object(line: str, *, place: str) -> dict[str, Any]:
    try:
        event = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise NotExportedError(f"{place}: not valid JSON: {error.msg}") from error
    if not isinstance(event, dict):
        raise NotExportedError(f"{place}: not a JSON object")
    return event
