"""The answer is that of the row's place, or the most certain one."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from strategies.adapters.choice import chosen


@settings(max_examples=30)
@given(seed=st.integers(0, 2**32), choices=st.integers(1, 5), rows=st.integers(1, 9), outputs=st.integers(1, 4))
def test_each_row_has_its_own_choice(seed: int, choices: int, rows: int, outputs: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    answers = torch.randn(choices, rows, outputs, generator=generator) * 3
    place = torch.randint(-1, choices, (rows,), generator=generator)
    found = chosen(answers, place)
    for row, number in enumerate(place.tolist()):
        entropies = [torch.distributions.Categorical(logits=answer[row]).entropy() for answer in answers]
        if number < 0:
            equally = [float(entropy) <= float(min(entropies)) + 1e-6 for entropy in entropies]
            assert any(torch.equal(found[row], answers[k, row]) for k, certain in enumerate(equally) if certain)
        else:
            assert torch.equal(found[row], answers[number, row])


def test_the_last_of_several_numbers_is_taken_where_the_task_is_unknown() -> None:
    answers = torch.tensor([[[1.0], [2.0]], [[3.0], [4.0]]])
    assert chosen(answers, torch.tensor([-1, 0])).tolist() == [[3.0], [2.0]]
