from __future__ import annotations

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.run import Run
from benchmarks.report.markdown_table import markdown_table
from tests.benchmarks.literature.test_results import outcome_of

PMNIST = PROTOCOLS["pmnist"]


def table(*, validate: bool = False) -> str:
    outcomes = {
        "naive": [outcome_of(Run("pmnist", "naive", seed), score=score) for seed, score in enumerate((0.4, 0.42))],
        "compact-500": [outcome_of(Run("pmnist", "compact-500", 0), score=0.9)],
    }
    return markdown_table(PMNIST, outcomes, command="python -m benchmarks pmnist", validate=validate)


def test_it_says_what_was_measured_and_the_command_that_prints_it() -> None:
    assert PMNIST.summary in table()
    assert "Test images." in table()
    assert "Validation images" in table(validate=True)
    assert "\n`python -m benchmarks pmnist`\n" in table()


def test_a_row_has_mean_spread_and_the_published_figure_with_its_source() -> None:
    heading, rule, naive, in_bytes = table().splitlines()[-4:]
    assert {line.count("|") for line in (heading, rule, naive, in_bytes)} == {len(PMNIST.columns) + 5}
    assert naive.startswith("| naive | 2 | 41.00 ± 1.41 |")
    assert "40.70 (Buzzega et al. 2020)" in naive
    assert in_bytes.startswith("| compact-500 | 1 | 90.00 |")
    assert "1,568,000 bytes" in in_bytes


def test_further_tables_stand_below_without_the_settings_that_have_none_of_their_figures() -> None:
    told = outcome_of(Run("gas", "naive", 0), score=0.9).model_copy(
        update={"figures": {"next_task_accuracy": 0.75}}
    )
    outcomes = {"naive": [told], "joint": [outcome_of(Run("gas", "joint", 0), score=0.9)]}
    lines = markdown_table(PROTOCOLS["gas"], outcomes, command="python -m benchmarks gas", validate=False)
    heading, rule, naive = lines.splitlines()[-3:]
    batches = " | ".join(f"batch {number}, %" for number in (2, 3, 4, 5, 6, 8, 9))
    assert heading == f"| setting | {batches} | mean, % |"
    assert {line.count("|") for line in (rule, naive)} == {heading.count("|")}
    assert naive == f"| naive |{'  |' * 7} 75.00 |"
