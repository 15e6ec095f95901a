from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from benchmarks.literature.lora import Lora
from benchmarks.literature.run import Run, StoppedError, carry_out

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.literature.outcome import Outcome


@pytest.fixture(scope="module")
def outcomes(data: Path) -> dict[str, Outcome]:
    return {name: carry_out(Run("lora", name, 0), data=data) for name in Lora.settings}


def test_every_setting_begins_with_the_same_model(outcomes: dict[str, Outcome]) -> None:
    before = {outcome.figures["reference_before"] for outcome in outcomes.values()}
    assert len(before) == 1


def test_both_are_evaluated_and_only_clothing_is_learned(outcomes: dict[str, Outcome]) -> None:
    for outcome in outcomes.values():
        assert outcome.tasks == ["mnist", "fashion_mnist"]
        assert len(outcome.matrix) == 1
        assert [outcome.figures["reference_final"], outcome.figures["fashion_final"]] == outcome.final
        assert outcome.course[-1][0] == 240


def test_what_was_mixed_in_is_counted_as_memory(outcomes: dict[str, Outcome]) -> None:
    memory = {name: outcome.figures["memory_bytes"] for name, outcome in outcomes.items()}
    assert memory["lora"] == memory["full"] == 0
    assert memory["lora-mixing"] == memory["full-mixing"]
    assert (memory["full"] or 0) < (memory["full-mixing"] or 0)


def test_the_same_run_has_the_same_outcome(outcomes: dict[str, Outcome], data: Path) -> None:
    again = carry_out(Run("lora", "lora-mixing", 0), data=data)
    assert again.final == outcomes["lora-mixing"].final
    assert np.isfinite(again.figures["reference_before"] or np.nan)


def test_pretraining_can_be_stopped_too(data: Path) -> None:
    def stop(done: int, every: int) -> None:
        assert (done, every) == (0, 240)
        raise StoppedError

    with pytest.raises(StoppedError):
        carry_out(Run("lora", "lora", 0), data=data, watch=stop)
