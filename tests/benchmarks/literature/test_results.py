from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks.literature.outcome import Outcome
from benchmarks.literature.results import Results, ResultsError
from benchmarks.literature.run import Run

if TYPE_CHECKING:
    from pathlib import Path


def outcome_of(run: Run, *, score: float = 0.5, digest: str | None = None) -> Outcome:
    return Outcome(
        protocol=run.protocol,
        setting=run.setting,
        seed=run.seed,
        validate_only=run.validate,
        configuration=run.configuration,
        digest=digest or run.digest,
        tasks=["a", "b"],
        matrix=[[0.1 + 0.2, None], [score, 1.0]],
        final=[score, 1.0],
        course=[(10, None), (20, 0.5)],
        figures={"final_accuracy": score, "forgetting": None},
        versions={"retaind": "0"},
    )


RUN = Run("pmnist", "naive", 0)
OTHERS = [
    Run("pmnist", "naive", 1),
    Run("pmnist", "er-500", 0),
    Run("smnist", "naive", 0),
    Run("pmnist", "naive", 0, True),
]


def test_what_was_added_is_found_again_by_another_process_as_it_was(tmp_path: Path) -> None:
    outcome = outcome_of(RUN, score=1 / 3)
    Results(tmp_path / "new folder" / "r.json").add(RUN, outcome)
    results = Results(tmp_path / "new folder" / "r.json")
    assert results.finished(RUN) == outcome
    assert [results.finished(other) for other in OTHERS] == [None] * len(OTHERS)


def test_outcomes_do_not_displace_each_other_whoever_adds_them(tmp_path: Path) -> None:
    one, two = Results(tmp_path / "r.json"), Results(tmp_path / "r.json")
    for number, run in enumerate([RUN, *OTHERS]):
        (one, two)[number % 2].add(run, outcome_of(run))
    assert all(one.finished(run) == outcome_of(run) for run in [RUN, *OTHERS])


def test_a_run_of_another_configuration_is_not_finished_and_gives_way(tmp_path: Path) -> None:
    results = Results(tmp_path / "r.json")
    results.add(RUN, outcome_of(RUN, digest="another"))
    assert results.finished(RUN) is None
    results.add(RUN, outcome_of(RUN))
    assert b"another" not in results.path.read_bytes()


def test_nothing_but_the_file_is_left_behind(tmp_path: Path) -> None:
    results = Results(tmp_path / "r.json")
    results.add(RUN, outcome_of(RUN))
    assert [path.name for path in tmp_path.iterdir()] == ["r.json"]


@pytest.mark.parametrize("content", [b"", b"{", b'{"format": 2, "runs": []}', b'{"mine": 1}'])
def test_a_file_of_someone_else_is_left_alone(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "r.json"
    path.write_bytes(content)
    with pytest.raises(ResultsError, match=r"r\.json is not a file of benchmark results.*--json"):
        Results(path)
    assert path.read_bytes() == content


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ResultsError, match=r"cannot be (read|written)"):
        Results(tmp_path / "file" / "r.json").add(RUN, outcome_of(RUN))
