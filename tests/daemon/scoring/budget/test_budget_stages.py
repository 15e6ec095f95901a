"""The stages of the budget's defence, on curves that nobody has chosen."""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from daemon.scoring.budget.reading import Reading
from daemon.scoring.budget.stages import FIRST_PATIENCE, MOST_BOOST, MOST_PATIENCE, REMEDIES, SOON, Stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from daemon.scoring.budget.stages import Change, Remedy

BUDGET, ERROR, EVERY = 0.03, 0.01, 100
ACCEPT_AFTER = 40 * EVERY
BAND = st.floats(BUDGET + 1e-6, BUDGET + ERROR - 1e-6)
"""Neither inside nor a breach."""
LOST = st.one_of(st.floats(-0.1, BUDGET), BAND, st.floats(BUDGET + ERROR + 1e-6, 0.9))
CURVES = st.lists(st.lists(LOST, min_size=1, max_size=3), min_size=1, max_size=300)
REMEDY_LISTS = st.lists(st.sampled_from(REMEDIES), min_size=1, unique=True).map(
    lambda chosen: [each for each in REMEDIES if each in chosen]
)
TOO_MUCH, LITTLE = 0.2, 0.0


def readings(lost: Sequence[float], *, never: frozenset[int] = frozenset()) -> dict[int, Reading]:
    return {
        task: Reading(value, error=ERROR, budget=BUDGET, never=task in never) for task, value in enumerate(lost)
    }


def climb(
    stages: Stages,
    curve: Sequence[Sequence[float]],
    *,
    first: int = 0,
    never: frozenset[int] = frozenset(),
    possible: bool = True,
) -> list[Change]:
    """Show a curve; an earlier state is taken up at once where one is wanted, and is three evaluations older."""
    changes = []
    events = first
    for lost in curve:
        events += EVERY
        changes.append(stages.observe(readings(lost, never=never), events=events))
        if stages.wants_rollback:
            if possible:
                events -= 3 * EVERY
                stages.went_back(events=events)
            else:
                changes.append(stages.cannot_go_back())
    return changes


def ladder(remedies: Sequence[Remedy] = REMEDIES, accept_after: int | None = ACCEPT_AFTER) -> Stages:
    return Stages(remedies, accept_after=accept_after)


def moves(changes: Sequence[Change]) -> list[Change]:
    return [change for change in changes if change.before != change.now]


@given(curve=CURVES, remedies=REMEDY_LISTS, possible=st.booleans())
def test_it_never_flaps(curve: list[list[float]], remedies: list[Remedy], *, possible: bool) -> None:
    changed = moves(climb(ladder(remedies), curve, possible=possible))
    times = len(curve)
    troubles = [change for change in changed if change.before == "calm"]
    # Each trouble lasts as long as the patience, which doubles where the next one comes soon.
    assert len(troubles) <= 1 + log2(MOST_PATIENCE) + times / (SOON * FIRST_PATIENCE)
    freezes = sum(change.now == "freeze" for change in changed)
    # Each freeze of a trouble is twice as long as the one before.
    assert freezes <= len(troubles) * (1 + log2(1 + times))
    assert len(changed) <= 4 * len(troubles) + 2 * freezes


@given(CURVES, REMEDY_LISTS)
def test_it_comes_down_only_after_evaluations_inside_one_after_another(
    curve: list[list[float]], remedies: list[Remedy]
) -> None:
    changes = climb(ladder(remedies, accept_after=None), curve)
    inside = [all(value <= BUDGET for value in lost) for lost in curve]
    for place, change in enumerate(changes):
        if change.now == "calm" != change.before:
            assert all(inside[place - FIRST_PATIENCE + 1 : place + 1])


@given(st.lists(st.lists(BAND, min_size=1, max_size=3), min_size=1, max_size=50), REMEDY_LISTS)
def test_between_inside_and_breach_nothing_is_begun_and_nothing_undone(
    curve: list[list[float]], remedies: list[Remedy]
) -> None:
    stages = ladder(remedies, accept_after=None)
    assert not moves(climb(stages, curve))
    climb(stages, [[TOO_MUCH]])
    begun = stages.stage
    assert {change.now for change in climb(stages, curve, first=EVERY)} <= {begun, "trial"}


@given(CURVES, REMEDY_LISTS, st.integers(0, 300))
def test_a_state_taken_up_anywhere_goes_on_as_it_would_have(
    curve: list[list[float]], remedies: list[Remedy], place: int
) -> None:
    whole, first, second = (ladder(remedies) for _ in range(3))
    climb(whole, curve)
    before = len(curve[:place]) * EVERY
    climb(first, curve[:place])
    second.load_state_dict(first.state_dict())
    assert second.state_dict() == first.state_dict()
    climb(first, curve[place:], first=before)
    climb(second, curve[place:], first=before)
    assert second.state_dict() == first.state_dict()


@given(CURVES, REMEDY_LISTS)
def test_boosts_are_bounded_and_go_when_all_is_well(curve: list[list[float]], remedies: list[Remedy]) -> None:
    stages = ladder(remedies, accept_after=None)
    events = 0
    for lost in curve:
        climb(stages, [lost], first=events)
        events += EVERY
        assert sum(stages.boosts.values()) <= MOST_BOOST + 1e-9
        assert "boost" in remedies or not stages.boosts
    climb(stages, [[LITTLE] * 3] * 1000, first=events)
    assert stages.stage == "calm"
    assert not stages.boosts


@given(CURVES)
def test_a_task_that_is_never_to_be_let_go_is_not(curve: list[list[float]]) -> None:
    stages = ladder(accept_after=EVERY)
    gone = [change.let_go for change in climb(stages, curve, never=frozenset({0}))]
    assert not any(0 in each for each in gone)
    assert stages.let_go == sum(map(len, gone))


def test_it_climbs_from_remedy_to_remedy_and_lets_go_in_the_end() -> None:
    changes = climb(ladder(), [[TOO_MUCH]] * 60)
    assert [change.now for change in moves(changes)[:4]] == ["boost", "rollback", "freeze", "trial"]
    last = moves(changes)[-1]
    gone = next(change for change in changes if change.let_go)
    assert gone.let_go == {0}
    assert gone.now == "calm"
    assert last.before in {"calm", "freeze", "trial"}


def test_what_a_remedy_mends_is_undone() -> None:
    stages = ladder()
    changes = climb(stages, [[TOO_MUCH]])
    assert stages.boosts == {0: 1.0}
    changes += climb(stages, [[LITTLE]] * FIRST_PATIENCE, first=EVERY)
    assert [change.now for change in moves(changes)] == ["boost", "calm"]
    assert not stages.boosts


def test_without_an_earlier_state_the_next_remedy_is_taken() -> None:
    changes = climb(ladder(), [[TOO_MUCH]] * 5, possible=False)
    assert [change.now for change in moves(changes)][:3] == ["boost", "rollback", "freeze"]
    alone = ladder(["rollback"])
    climb(alone, [[TOO_MUCH]] * 5, possible=False)
    assert (alone.stage, alone.wants_rollback) == ("rollback", False)


def test_trouble_that_comes_back_soon_finds_more_patience() -> None:
    stages = ladder(["boost"])
    trouble = [[TOO_MUCH], [LITTLE], [LITTLE]]
    changes = climb(stages, [*trouble, *trouble, [LITTLE], [LITTLE]])
    at = [place for place, change in enumerate(changes) if change in moves(changes)]
    assert at == [0, 2, 3, 7]


def test_a_remedy_that_is_not_configured_any_more_is_begun_anew() -> None:
    before, after = ladder(), ladder(["boost"])
    climb(before, [[TOO_MUCH]] * 6)
    assert before.stage in {"freeze", "trial"}
    after.load_state_dict(before.state_dict())
    assert after.stage == "calm"
    assert after.entered == before.entered


def test_a_merged_task_takes_its_boost_along() -> None:
    stages = ladder()
    climb(stages, [[TOO_MUCH, LITTLE]])
    stages.merge_task(0, into=1)
    assert stages.boosts == {1: 1.0}
    assert stages.causes == {1}
