from __future__ import annotations

import pytest

from benchmarks.arena.bout import Bout
from benchmarks.arena.standing import Standing, mean_ranks, verdict
from benchmarks.arena.tables import cell
from benchmarks.literature.outcome import Outcome


def test_ranks_are_averaged_over_the_streams_on_which_all_took_part() -> None:
    standings = {
        "one": Standing({"retaind": 0.9, "tree": 0.8, "no-change": 0.8}),
        "two": Standing({"retaind": 0.5, "tree": 0.6, "no-change": 0.4}),
        "three": Standing({"retaind": 0.1, "tree": 0.6}),
    }
    assert mean_ranks(standings) == {"retaind": 1.5, "tree": 1.75, "no-change": 2.75}


@pytest.mark.parametrize(("score", "kept_up", "ahead"), [(0.9, 1, 1), (0.8, 1, 0), (0.7951, 1, 0), (0.7949, 0, 0)])
def test_half_a_point_behind_still_keeps_up(score: float, kept_up: int, ahead: int) -> None:
    said = verdict({"one": Standing({"retaind": score, "tree": 0.8, "no-change": 0.4})})
    assert said.endswith(f"best reference on {kept_up} of 1 streams, and ahead on {ahead}.")


def test_without_the_daemon_or_without_references_there_is_no_verdict() -> None:
    assert not verdict({"one": Standing({"tree": 0.8}), "two": Standing({"retaind": 0.8})})


def outcome(**figures: float | None) -> Outcome:
    bout = Bout("arena/elec2/100", "river-tree", 0, rows=100)
    return Outcome(
        protocol=bout.protocol, setting=bout.setting, seed=0, validate_only=False, configuration=bout.configuration,
        digest=bout.digest, tasks=[], matrix=[], final=[], course=[], figures=dict(figures), versions={},
    )  # fmt: skip


def test_cells_have_a_spread_where_there_are_seeds_and_no_figure_where_a_model_diverged() -> None:
    assert cell("score", [outcome(score=0.5)]) == "50.00"
    assert cell("score", [outcome(score=0.5), outcome(score=0.6)]) == "55.00 ± 7.07"
    assert cell("log_loss", [outcome(log_loss=None)]) == ""
    assert cell("mae", [outcome(score=-3e23, mae=1e14)]) == cell("score", [outcome(score=-3e23)]) == "diverged"
