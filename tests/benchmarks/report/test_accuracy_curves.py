from __future__ import annotations

import numpy as np

from benchmarks.report.accuracy_curves import Curve, accuracy_curves


def curves(count: int) -> list[Curve]:
    return [Curve(f"c{n}", np.array([[1.0, 0.9 - n / 40], [0.9, 0.8 - n / 40]])) for n in range(count)]


def test_a_line_is_the_mean_and_the_band_the_range_over_seeds() -> None:
    (axes,) = accuracy_curves(curves(1), title="t").axes
    np.testing.assert_allclose(np.asarray(axes.lines[0].get_ydata()), [0.95, 0.85])
    assert np.asarray(axes.lines[0].get_xdata()).tolist() == [1, 2]
    band = axes.collections[0].get_paths()[0].get_extents()
    np.testing.assert_allclose([band.y0, band.y1], [0.8, 1.0])


def test_names_stand_from_the_highest_line_down_with_the_score_at_the_end() -> None:
    (axes,) = accuracy_curves(curves(3)[::-1], title="t").axes
    texts = sorted(axes.texts, key=lambda text: -text.xyann[1])  # type: ignore[attr-defined] # annotations
    assert [text.get_text() for text in texts] == ["c0 85.0%", "c1 82.5%", "c2 80.0%"]


def test_no_two_of_many_lines_look_the_same() -> None:
    (axes,) = accuracy_curves(curves(18), title="t").axes
    looks = {(line.get_color(), str(line.get_linestyle()), line.get_dash_capstyle()) for line in axes.lines}
    dashes = {(line.get_color(), str(line._dash_pattern)) for line in axes.lines}  # type: ignore[attr-defined] # no public way
    assert len(axes.lines) == 18
    assert max(len(looks), len(dashes)) == 18
