from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text

from daemon.plots.retention_curves import Panel, retention_curves
from daemon.plots.segment import Segment

NAMES = ["a", "b", "c", "d", "e"]


def panel(*last: float) -> Panel:
    scores = np.full((3, len(last)), 0.5)
    scores[0, 1:] = np.nan
    scores[-1] = last
    return Panel("learner", events=np.array([10, 20, 30]), scores=scores)


@pytest.mark.parametrize(
    "last",
    [(1.0, 1.0, 1.0, 1.0, 1.0), (0.0, 0.0, 0.0, 0.0, 0.0), (0.9, 0.1, 0.95, 0.12, 0.5), (0.4, 0.5, 0.45, 0.5, 0.4)],
)
def test_labels_keep_apart_and_in_the_order_of_their_lines(last: tuple[float, ...]) -> None:
    segments = [Segment(task, 6 * task, 6 * task + 6) for task in range(5)]
    figure = retention_curves([panel(*last)], tasks=NAMES, segments=segments, title="t")
    FigureCanvasAgg(figure).draw()  # type: ignore[no-untyped-call] # matplotlib leaves it untyped
    texts = sorted(figure.axes[1].texts, key=lambda text: -text.xyann[1])  # type: ignore[attr-defined] # annotations
    assert [text.get_text() for text in texts] == [
        f"{NAMES[task]} {last[task]:.0%}" for task in np.argsort([-score for score in last], kind="stable")
    ]
    places = [Text.get_window_extent(text) for text in texts]  # an annotation's own has its line in it
    assert all(upper.y0 >= lower.y1 for upper, lower in pairwise(places))
    frame = figure.axes[1].get_window_extent()
    assert all(frame.y0 - place.height < place.y0 < frame.y1 for place in places)


def test_a_task_without_any_score_is_left_out() -> None:
    figure = retention_curves(
        [panel(0.5, np.nan)], tasks=NAMES[:2], segments=[Segment(0, 0, 15), Segment(1, 15, 30)], title="t"
    )
    assert [text.get_text() for text in figure.axes[1].texts] == ["a 50%"]


def test_a_line_is_thick_where_its_own_task_is_learned() -> None:
    figure = retention_curves(
        [panel(0.5, 0.7)], tasks=NAMES[:2], segments=[Segment(0, 0, 20), Segment(1, 20, 30)], title="t"
    )
    thick = [line for line in figure.axes[1].lines if line.get_linewidth() > 3]
    assert [np.asarray(line.get_xdata()).tolist() for line in thick] == [[10, 20], [20, 30]]


def test_panels_share_their_axes_and_mark_the_same_boundaries() -> None:
    panels, segments = [panel(0.5, 0.7), panel(0.2, 0.3)], [Segment(0, 0, 20), Segment(1, 20, 30)]
    strip, *axes = retention_curves(panels, tasks=NAMES[:2], segments=segments, title="t").axes
    assert {(each.get_xlim(), each.get_ylim()) for each in axes} == {((0, 30), axes[0].get_ylim())}
    for each in axes:
        assert [20, 20] in [np.asarray(line.get_xdata()).tolist() for line in each.lines]
    assert [text.get_text() for text in strip.texts] == ["a", "b", "learning"]
