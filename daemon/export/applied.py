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
from daemon.build.rows import build_origins, build_rows, number_text
from daemon.export.description import KEY, Description, NotExportedError
from daemon.export.onnx_file import run, session_of
from daemon.intake.features.categories import Categories
from daemon.intake.labels.encoder import label_encoder
from daemon.intake.labels.label_columns import label_columns, label_width

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from connectors.decoder import Reject, Rows

_AT_ONCE = 512


class AppliedModel:
    """Predicts events one after another, as the network of the daemon would at the moment of the export.

    What a row depends on besides its event begins anew: lags and rolling statistics are those of the events given
    here, and so are means and last values in place of missing ones. Labels among the events are repeated, and known
    to later rows where the model has label lags.
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
        config = self._config = self.description.config()
        self._label = config.label
        self._labels = label_encoder(config.label, known=self.description.classes, text=number_text(config.decoder))
        categories = Categories(config.features.categories)
        self._rows = build_rows(
            config, config.decoder, labels=self._labels, origins=build_origins(config), categories=categories
        )
        self._rows.decoder.load_state_dict(self.description.state["decoder"])
        categories.load_state_dict(self.description.state["categories"])

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
        (said,) = run(self._session, self._rows.columns(rows, self._label_values(rows)))
        classes = self.description.classes
        for record, row, label in zip(rows.records, said.tolist(), rows.label, strict=True):
            best = int(np.argmax(row)) if classes else 0
            yield Prediction(
                record,
                prediction=classes[best] if classes else row[0],
                confidence=row[best] if classes else None,
                label=label,
                task="",
                step=self.description.step,
            )

    def _label_values(self, rows: Rows) -> NDArray[np.float64]:
        """Return labels as ``(rows, label_width)``, 0 where an event has none that is known."""
        values = np.zeros((len(rows), label_width(self._label)))
        given = [place for place, label in enumerate(rows.label) if label is not None]
        if given:
            encoded = self._labels.encode([rows.label[place] for place in given])
            values[np.array(given)[encoded.accepted]] = label_columns(encoded.values, self._label)
        return values


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
