"""``python -m benchmarks following``: whether rehearsing what is like the newest rows wins back what delay cost."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean, stdev
from typing import Annotated, Any, NamedTuple

import numpy as np
import orjson
import torch
import typer
from numpy.typing import NDArray
from rich.console import Console
from torch import Tensor

from benchmarks.arena.streams import STREAMS
from benchmarks.arena.table import Table
from benchmarks.literature.data_files import DataFileError
from connectors.record import LocalRecord
from daemon.build.load import load_bytes
from daemon.build.pipeline import build_pipeline
from daemon.learning.later.later_learner import LaterLearner
from daemon.learning.pipeline import Pipeline
from daemon.learning.stopwatch import Stopwatch
from daemon.process.threads import use_threads
from strategies.learner import Learner
from strategies.replay import Replay

LATE = 1_000
ROWS = 20_000
WHICH = ("elec2", "covertype")
_AT_ONCE = 256


class Way(NamedTuple):
    """How rows are drawn for rehearsal."""

    share: float
    """Of the rows of a step, so many follow the newest rows; the others are drawn uniformly."""
    of_class: bool = False
    """Whether they are of the class that is predicted of these."""


WAYS: Mapping[str, Way] = {
    "uniformly": Way(0.0),
    "half by likeness": Way(0.5),
    "all by likeness": Way(1.0),
    "all by class and likeness": Way(1.0, of_class=True),
}


class Following:
    """Draws remembered rows that resemble the newest rows without a label.

    Importance weighted memory sampling (Csaba et al. 2023, arXiv 2312.00923): for each of the newest rows, a
    remembered one of the class that is predicted of it, with a chance that goes with the cosine between what the
    network's last hidden layer has of both; or of any class.
    """

    def __init__(self, replay: Replay, learner: Learner, main: LaterLearner, *, way: Way, seed: int) -> None:
        self._replay = replay
        self._learner = learner
        self._main = main
        self._way = way
        self._uniform = replay.draw
        self._generator = np.random.default_rng(seed)

    def draw(self) -> NDArray[np.int64]:
        """Return slots, as many as are drawn uniformly."""
        slots = self._uniform()
        rows = round(self._way.share * len(slots))
        newest = self._main._rows._number  # noqa: SLF001 - to see what waits is no part of the daemon
        numbers = np.sort(newest[newest >= 0])[-rows:] if rows else newest[:0]
        if len(numbers):
            x = torch.from_numpy(self._main._rows.look(numbers, ["x"])["x"])  # noqa: SLF001 - as above
            slots[: len(numbers)] = self._like(x)
        return slots

    @torch.no_grad()
    def _like(self, x: Tensor) -> NDArray[np.int64]:
        """Return a slot for each of the rows ``(rows, features)``."""
        memory = self._replay.memory
        remembered = memory.storage.examples(np.arange(len(memory)))
        hidden, said = self._hidden(x)
        past, _ = self._hidden(remembered.x)
        chances = (_unit(hidden) @ _unit(past).t()).clamp_(min=0).double().numpy()
        if self._way.of_class:
            alike = said.argmax(1).numpy()[:, None] == remembered.y.numpy()[None, :]
            chances = np.where(alike.any(axis=1, keepdims=True), chances * alike, chances)
        chances += 1e-12
        reached = np.cumsum(chances, axis=1)
        aimed = self._generator.random(len(x)) * reached[:, -1]
        return np.asarray((reached < aimed[:, None]).sum(axis=1), dtype=np.int64)

    def _hidden(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what the last hidden layer has of rows, and the outputs."""
        *layers, last = self._learner.network.module.children()
        hidden = torch.nn.Sequential(*layers)(self._learner.scale(x))
        return hidden, last(hidden)


def following(
    *,
    data: Annotated[Path, typer.Option(help="Folder with elec2/ and tabular/.")] = Path("data"),
    seeds: Annotated[int, typer.Option(min=1, help="Seeds from 0 on.")] = 3,
    late: Annotated[int, typer.Option(min=1, help="Events by which each label is late.")] = LATE,
    rows: Annotated[int, typer.Option(min=1, help="Rows of each stream.")] = ROWS,
) -> None:
    """Let the main learner alone, with its replay, learn from late labels, and rehearse in several ways."""
    console = Console(highlight=False, markup=False, width=200)
    use_threads(1)
    heads = ("stream", "labels at once", *(f"late, drawn {way}" for way in WAYS))
    console.print(f"| {' | '.join(heads)} |\n| --- |{' ---: |' * (len(heads) - 1)}")
    for name in WHICH:
        try:
            table = STREAMS[name].read(data, limit=rows, seed=0)
        except DataFileError as error:
            raise typer.BadParameter(str(error), param_hint="--data") from error
        cells = [[accuracy(table, late=0, way=WAYS["uniformly"], seed=seed) for seed in range(seeds)]]
        cells += [
            [accuracy(table, late=late, way=way, seed=seed) for seed in range(seeds)] for way in WAYS.values()
        ]
        console.print(f"| {name} | {' | '.join(map(_cell, cells))} |")


def accuracy(table: Table, *, late: int, way: Way, seed: int) -> float:
    """Return the share of rows of which the main learner said the class on arrival."""
    sections = {
        "source": {"type": "file", "path": "(the table)"},
        "decoder": {"type": "json", "features": list(table.names), "first_events": 1},
        "label": {"from": "topic", "where": {"kind": "label"}, "field": "y", "id": "id", "classes": table.classes},
        "committee": None,
        "companions": {"naive": None, "frozen": None},
        "strategies": [{"type": "replay"}],
        "predictions": {"type": "file", "path": "(nowhere)"},
        "checkpoint": {"directory": "(none)"},
        "seed": seed,
    }
    # JSON is YAML.
    pipeline = build_pipeline(
        load_bytes(orjson.dumps(sections), file="following", environ={}), stopwatch=Stopwatch()
    )
    records, right = list(_records(table, late=late)), 0
    for start in range(0, len(records), _AT_ONCE):
        for each in pipeline.process(records[start : start + _AT_ONCE]).predictions:
            row = orjson.loads(each.record.value or b"")["id"]
            right += each.prediction == table.classes[table.y[row]]
        if not start:
            _follow(pipeline, way=way, seed=seed)
    return right / len(table.y)


def _follow(pipeline: Pipeline, *, way: Way, seed: int) -> None:
    """Let the replay of a pipeline draw by ``Following`` from now on."""
    main = pipeline.main
    assert isinstance(main, LaterLearner)
    learner = main.scored.learner
    assert isinstance(learner, Learner)
    replay = dict(learner.strategies)["replay"]
    assert isinstance(replay, Replay)
    replay.draw = Following(replay, learner, main, way=way, seed=seed).draw  # type: ignore[method-assign]  # an experiment, and no part of the daemon


def _records(table: Table, *, late: int) -> Iterator[LocalRecord]:
    """Yield events and, so many events later, their labels."""
    fields = [dict(zip(table.names, row, strict=True)) for row in table.x.tolist()]
    told: list[dict[str, Any]] = []
    for row, values in enumerate(fields):
        told.append(values | {"id": row, "kind": "event"})
        if row >= late:
            told.append({"id": row - late, "kind": "label", "y": table.classes[table.y[row - late]]})
    for place, event in enumerate(told):
        yield LocalRecord("rows", 0, place, 1_000 * place, None, orjson.dumps(event), [])


def _unit(rows: Tensor) -> Tensor:
    return torch.nn.functional.normalize(rows, dim=1)


def _cell(shares: list[float]) -> str:
    spread = f" ± {100 * stdev(shares):.2f}" if len(shares) > 1 else ""
    return f"{100 * fmean(shares):.2f}{spread}"
