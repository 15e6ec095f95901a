"""``python -m benchmarks exported``: how long an export is as right as the daemon that goes on learning."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import numpy as np
import orjson
import typer
from rich.console import Console

from benchmarks.arena.streams import STREAMS
from benchmarks.arena.table import Table
from benchmarks.arena.untouched import LABEL, default
from benchmarks.literature.data_files import DataFileError
from connectors.record import LocalRecord
from connectors.sink import Prediction
from daemon.build.pipeline import build_pipeline
from daemon.export.applied import AppliedModel
from daemon.export.onnx_file import export_onnx
from daemon.learning.stopwatch import Stopwatch
from daemon.process.threads import use_threads

WHICH = ("elec2", "covertype")
LEARNED, AFTER = 10_000, (0, 100, 1_000, 10_000)
"""Events before the export, and the ends of the stretches after it that figures are of."""
_AT_ONCE = 500

Event = dict[str, Any]
Answers = Sequence[Any]


def exported(
    *,
    data: Annotated[Path, typer.Option(help="Folder with elec2/ and tabular/.")] = Path("data"),
    learned: Annotated[int, typer.Option(min=100, help="Events that are learned before the export.")] = LEARNED,
) -> None:
    """Export the untouched default in mid-stream; let daemon and files, which all hear labels, say what comes."""
    console = Console(highlight=False, markup=False, width=200)
    use_threads(1)
    heads = ("stream", "events after the export", "the daemon, learning on", "its export", "its network alone")
    console.print(f"| {' | '.join(heads)} |\n| --- | ---: |{' ---: |' * (len(heads) - 2)}")
    for name in WHICH:
        try:
            table = STREAMS[name].read(data, limit=learned + AFTER[-1], seed=0)
        except DataFileError as error:
            raise typer.BadParameter(str(error), param_hint="--data") from error
        truth, answers = table.y[learned:], after_export(table, learned=learned)
        right = [np.array(each) == [table.classes[label] for label in truth] for each in answers]
        for begin, end in pairwise(AFTER):
            shares = " | ".join(f"{100 * each[begin:end].mean():.1f}" for each in right)
            console.print(f"| {name} | {begin + 1:,} to {end:,} | {shares} |")


def after_export(table: Table, *, learned: int) -> tuple[Answers, Answers, Answers]:
    """Return what daemon, export, and network alone say of the events after the first so many."""
    config = default(classes=len(table.classes), seed=0)
    pipeline, records = build_pipeline(config, stopwatch=Stopwatch()), list(_records(table))
    for start in range(0, learned, _AT_ONCE):
        pipeline.process(records[start : min(start + _AT_ONCE, learned)])
    files: list[Answers] = []
    with TemporaryDirectory() as folder:
        for network in (False, True):
            path = Path(folder) / f"{network}.onnx"
            export_onnx(config, pipeline, path, network=network)
            events = (orjson.loads(record.value or b"") for record in records)
            said = AppliedModel(path).predict(events, name="table")
            files.append([each.prediction for each in said if isinstance(each, Prediction)][learned:])
    live: list[Any] = []
    for start in range(learned, len(records), _AT_ONCE):
        live += [each.prediction for each in pipeline.process(records[start : start + _AT_ONCE]).predictions]
    return live, files[0], files[1]


def _records(table: Table) -> Iterator[LocalRecord]:
    for row, values in enumerate(table.x.tolist()):
        event: Event = dict(zip(table.names, values, strict=True)) | {LABEL: table.classes[table.y[row]]}
        yield LocalRecord("table", 0, row, -1, None, orjson.dumps(event), [])
