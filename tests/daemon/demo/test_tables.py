from __future__ import annotations

import math
from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

from daemon.demo.comparison import comparison_table, finding
from daemon.demo.matrix_table import matrix_table, shade

if TYPE_CHECKING:
    from rich.console import RenderableType

    from daemon.demo.learning import Learned


def lines(shown: RenderableType) -> list[str]:
    console = Console(file=StringIO(), width=80, highlight=False)
    console.print(shown)
    assert isinstance(console.file, StringIO)
    return [line.rstrip() for line in console.file.getvalue().splitlines()]


def test_the_matrix_has_a_row_for_each_boundary_and_one_for_now(both: tuple[Learned, Learned]) -> None:
    for learned in both:
        title, heading, *rows = lines(matrix_table(learned))
        assert learned.name in title
        assert heading.split() == ["after", "learning", *learned.regimes]
        for row, evaluation in zip(rows, [*learned.boundaries, learned.now], strict=True):
            assert learned.regimes[evaluation.task] in row
            known = [f"{100 * score:.0f}" for score in evaluation.scores if not math.isnan(score)]
            assert row.split()[2:] == known
        assert rows[0].split() == ["1", "warm_up", *rows[0].split()[2:3]]
        assert rows[-1].startswith("now, warm_up")


def test_scores_stand_under_their_regimes_and_undefined_ones_are_blank(both: tuple[Learned, Learned]) -> None:
    _, heading, first, second, *_ = lines(matrix_table(both[0]))
    place = heading.index("base_load")
    assert first[place:].strip() == ""
    assert second[place : place + len("base_load")].strip().isdigit()


def test_a_low_score_is_orange_a_high_one_blue_and_all_are_distinct() -> None:
    colours = [str(shade(score / 10)) for score in range(11)]
    assert len(set(colours)) == len(colours)
    assert colours[0] == "#000000 on #d55e00"
    assert colours[-1] == "#000000 on #4696cd"
    assert str(shade(-1.0)) == colours[0]


def test_the_comparison_shows_what_was_measured(both: tuple[Learned, Learned]) -> None:
    heading, *rows = lines(comparison_table(*both))
    assert heading.split() == ["at", "the", "end", "naive", "retaind"]
    shown = {row[:20].strip(): row[20:38].split() for row in rows}
    for column, learned in enumerate(both):
        figures, prequential = learned.figures, learned.prequential
        assert figures.average_score is not None
        assert figures.backward_transfer is not None
        assert shown["average score"][column] == f"{100 * figures.average_score:.1f}%"
        assert shown["backward transfer"][column] == f"{100 * figures.backward_transfer:.1f}"
        assert shown["prequential accuracy"][column] == f"{100 * (prequential.accuracy or 0):.1f}%"
        assert shown["kappa"][column] == f"{prequential.kappa:.3f}"


def test_the_sentence_names_the_worst_regime_of_each(both: tuple[Learned, Learned]) -> None:
    sentence = finding(*both)
    for learned in both:
        scores = learned.now.scores[: len(learned.regimes)]
        assert f"worst: {learned.regimes[scores.argmin()]}, {scores.min():.1%}" in sentence
