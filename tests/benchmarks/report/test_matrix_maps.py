from __future__ import annotations

import numpy as np
import pytest

from benchmarks.report.matrix_maps import Map, matrix_maps


def lower(tasks: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    scores = np.full((tasks, tasks), 0.75)
    scores[np.triu_indices(tasks, k=1)] = np.nan
    return scores


def test_a_cell_has_its_number_and_an_undefined_one_is_empty_and_white() -> None:
    figure = matrix_maps([Map("naive", lower(2))], tasks=["a", "b"], title="t")
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["75", "75", "75"]
    colours = np.asarray(axes.images[0].get_array())
    assert colours[0, 1].tolist() == [1.0, 1.0, 1.0]
    assert colours[0, 0].tolist() == colours[1, 1].tolist() != [1.0, 1.0, 1.0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b"]


def test_many_tasks_are_numbered_and_their_cells_too_small_for_text() -> None:
    figure = matrix_maps([Map("naive", lower(20))], tasks=[f"task {n}" for n in range(20)], title="t")
    assert not figure.axes[0].texts
    labels = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    assert [label for label in labels if label] == ["1", "5", "10", "15", "20"]


@pytest.mark.parametrize("count", [1, 3, 4, 8])
def test_every_learner_has_a_map_of_its_own(count: int) -> None:
    maps = [Map(f"learner {n}", lower(3)) for n in range(count)]
    figure = matrix_maps(maps, tasks=["a", "b", "c"], title="t")
    assert [axes.get_title(loc="left") for axes in figure.axes] == [one.heading for one in maps]
    boxes = [axes.get_position() for axes in figure.axes]
    assert len({(round(box.x0, 6), round(box.y0, 6)) for box in boxes}) == count
    assert all(0 < box.x0 < box.x1 <= 1 and 0 < box.y0 < box.y1 <= 1 for box in boxes)
