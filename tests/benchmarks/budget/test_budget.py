"""The streams of the measurement of a budget, and a short run of one, on a few made-up images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.budget.run import run
from benchmarks.budget.streams import EARLIER, LATER, STREAMS, BudgetStream, write_stretch
from connectors.files.source import FileSource
from connectors.files.source_options import FileSourceOptions

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_has_the_earlier_task_and_then_the_later(data: Path, name: str) -> None:
    tasks = [stretch.task for stretch in STREAMS[name].make(data)]
    assert tasks[0] == EARLIER
    assert set(tasks[1:]) == {LATER}


def test_what_is_written_is_read_as_it_was(data: Path, tmp_path: Path) -> None:
    stretch = STREAMS["small-buffer"].make(data)[1]
    entry = write_stretch(stretch, tmp_path, 0)
    source = FileSource(FileSourceOptions.model_validate({"path": [entry]}))
    source.open(None)
    first = source.poll(1, 0.0)[0]
    source.close()
    assert first.value == stretch.images[0].tobytes()
    assert dict(first.headers)["label"] == str(stretch.labels[0]).encode()
    assert dict(first.headers)["task"] == LATER.encode()


@pytest.mark.parametrize("held", [False, True])
def test_a_run_tells_what_was_lost_and_what_was_done(data: Path, *, held: bool) -> None:
    whole = STREAMS["small-buffer"]
    small = BudgetStream(
        whole.summary,
        lambda folder: [type(each)(each.task, *_first(each, 300)) for each in whole.make(folder)],
        rows=20,
        accept_after=None,
    )
    done = run(small, data=data, held=held, stop=lambda: False)
    assert done is not None
    assert done.newest is not None
    assert bool(done.entered) == held


def _first(stretch: object, count: int) -> tuple[np.ndarray[object, object], ...]:
    return tuple(np.asarray(getattr(stretch, name))[:count] for name in ("images", "labels"))
