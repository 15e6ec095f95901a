from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.intake.features.calendar import hour, phase, weekday


@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001  # hypothesis wants naive bounds
def test_hour_and_weekday_are_those_of_the_calendar(moment: datetime) -> None:
    time = np.array([moment.replace(microsecond=0).timestamp()])
    assert hour(time).tolist() == [moment.hour]
    assert weekday(time).tolist() == [moment.weekday()]


@given(st.lists(st.floats(-1e12, 1e12), min_size=1, max_size=40), st.floats(1e-3, 1e9))
def test_a_phase_lies_on_the_unit_circle_and_does_not_depend_on_its_neighbours(
    values: list[float], period: float
) -> None:
    sine, cosine = phase(np.array(values), period=period)
    assert np.allclose(sine**2 + cosine**2, 1)
    alone = [phase(np.array([value]), period=period) for value in values]
    assert sine.tolist() == [pair[0].item() for pair in alone]
    assert cosine.tolist() == [pair[1].item() for pair in alone]


def test_the_phase_turns_once_in_a_period() -> None:
    sine, cosine = phase(np.array([0.0, 6.0, 12.0, 18.0, 24.0, np.nan]), period=24.0)
    assert np.allclose(sine, [0, 1, 0, -1, 0, 0])
    assert np.allclose(cosine, [1, 0, -1, 0, 1, 0])
