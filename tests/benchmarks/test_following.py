"""``python -m benchmarks following`` says what each way to draw rows for rehearsal comes to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.testing import CliRunner

from benchmarks import following as command
from benchmarks.__main__ import app
from benchmarks.arena.streams import STREAMS, ArenaStream
from benchmarks.following import WAYS, accuracy
from daemon.process.threads import use_threads
from tests.benchmarks.arena.streams_by_hand import classes_by_sign

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


def test_each_way_learns_what_can_be_learned_and_draws_other_rows() -> None:
    use_threads(1)
    table = classes_by_sign(1_500)
    found = {name: accuracy(table, late=50, way=way, seed=0) for name, way in WAYS.items()}
    assert min(found.values()) > 0.7
    assert len(set(found.values())) == len(WAYS)


def test_late_labels_cost_something(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(command, "WHICH", ("sign",))
    stream = ArenaStream(summary="a sign", read_ordered=lambda _, *, limit: classes_by_sign(limit), classes=2)
    monkeypatch.setitem(STREAMS, "sign", stream)
    options = ["--data", str(tmp_path), "--seeds", "1", "--rows", "400", "--late", "200"]
    ran = CliRunner().invoke(app, ["following", *options])
    assert ran.exit_code == 0, ran.output
    *_, line = ran.stdout.strip().splitlines()
    name, at_once, *late = line.strip("| ").split(" | ")
    assert name == "sign"
    assert len(late) == len(WAYS)
    assert float(at_once) > max(map(float, late))


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["following", "--data", str(tmp_path)])
    assert ran.exit_code == 2
    assert "--data" in ran.output
