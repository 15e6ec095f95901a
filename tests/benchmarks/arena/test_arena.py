"""`python -m benchmarks arena`: everything once, kept, and shown."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.arena.learners import LEARNERS, ArenaLearner
from benchmarks.arena.reference import NoChange
from benchmarks.arena.untouched import default

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

    from benchmarks.arena.table import Table

pytestmark = pytest.mark.usefixtures("tiny")


def arena(file: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, ["arena", "--data", "nowhere", "--json", str(file), *arguments])


def runs_in(file: Path) -> list[dict[str, Any]]:
    runs: list[dict[str, Any]] = json.loads(file.read_bytes())["runs"]
    return runs


def test_everybody_is_run_once_and_shown_again(tmp_path: Path) -> None:
    file = tmp_path / "arena.json"
    names = ["retaind", "no-change", "river-linear", "river-arf"]
    wanted = [part for name in names for part in ("--learner", name)] + ["--seeds", "2"]
    first = arena(file, *wanted)
    assert first.exit_code == 0, first.output
    # The seed shuffles one stream; on the other it only matters to the daemon and the forest.
    assert len(runs_in(file)) == 4 * 2 + 2 * 2 + 2 * 1
    assert (
        "| stream | retaind | retaind, main learner alone | no-change | river-linear | river-arf |" in first.stdout
    )
    assert re.search(r"^\| sign \|( \**[\d.]+ ± [\d.]+\** \|){5}$", first.stdout, re.MULTILINE)
    assert re.search(r"^\| plane\* \|", first.stdout, re.MULTILINE)
    assert re.search(r"^\| mean rank \| \**[\d.]+", first.stdout, re.MULTILINE)
    assert re.search(
        r"^retaind is ahead of or within half a point .* on \d of 2 streams", first.stdout, re.MULTILINE
    )
    assert re.search(r"^\| sign \| river-arf \|.*[\d.]+ \|$", first.stdout, re.MULTILINE)
    assert file.with_suffix(".md").read_text() == first.stdout
    assert file.with_suffix(".png").read_bytes().startswith(b"\x89PNG")

    before = file.stat().st_mtime_ns
    again = arena(file, *wanted)
    assert again.stdout == first.stdout
    assert "14 of 14 runs are finished already" in again.stderr
    assert file.stat().st_mtime_ns == before


class PulledOut(NoChange):
    """Learns some rows, and then somebody pulls the plug."""

    def __init__(self, table: Table, *, seed: int) -> None:
        super().__init__(table, seed=seed)
        raise KeyboardInterrupt


def test_what_is_finished_is_kept_whatever_comes_after_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "arena.json"
    forest = LEARNERS["river-tree"]
    monkeypatch.setitem(LEARNERS, "river-tree", type(forest)(summary="pulled out", make=PulledOut))
    arena(file, "--learner", "no-change", "--learner", "river-tree", "--seeds", "1", "--only", "sign")
    assert [run["setting"] for run in runs_in(file)] == ["no-change"]
    kept = runs_in(file)[0]
    monkeypatch.setitem(LEARNERS, "river-tree", forest)
    rest = arena(file, "--learner", "no-change", "--learner", "river-tree", "--seeds", "1", "--only", "sign")
    assert "1 of 2 runs are finished already" in rest.stderr
    assert [run["setting"] for run in runs_in(file)] == ["no-change", "river-tree"]
    assert runs_in(file)[0] == kept


def test_a_classifier_has_no_run_where_the_label_is_a_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier = ArenaLearner(summary="classes only", make=NoChange, library="numpy", numbers=False)
    monkeypatch.setitem(LEARNERS, "river-tree", classifier)
    file = tmp_path / "arena.json"
    result = arena(file, "--learner", "no-change", "--learner", "river-tree", "--seeds", "1")
    assert [run["protocol"].split("/")[1] for run in runs_in(file) if run["setting"] == "river-tree"] == ["sign"]
    assert "| mean rank on the 1 of 2 streams where nobody is missing |" in result.stdout


def test_fewer_rows_are_other_runs(tmp_path: Path) -> None:
    file = tmp_path / "arena.json"
    for limit in ("100", "200"):
        arena(file, "--learner", "no-change", "--only", "plane", "--limit", limit)
    assert [run["protocol"] for run in runs_in(file)] == ["arena/plane/100", "arena/plane/200"]


def test_nothing_of_the_daemon_is_chosen_but_what_a_label_is() -> None:
    config = default(classes=3, seed=1)
    document = config.document
    assert document is not None
    assert set(document.value) == {"source", "decoder", "label", "strategies", "predictions", "checkpoint", "seed"}
    assert config.decoder.model_fields_set == {"type", "label"}


@pytest.mark.parametrize(
    ("arguments", "meant"), [(["--only", "plan"], "did you mean plane"), (["--learner", "river-arv"], "river-arf")]
)
def test_a_misspelt_name_is_answered_with_the_right_one(arguments: list[str], meant: str, tmp_path: Path) -> None:
    result = arena(tmp_path / "arena.json", *arguments)
    assert result.exit_code == 2
    assert meant in " ".join(result.stderr.replace("│", " ").split())
