"""The outcomes of a protocol as pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.report.accuracy_curves import Curve, accuracy_curves
from benchmarks.report.matrix_maps import Map, matrix_maps
from daemon.plots.png import write_png

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from benchmarks.literature.outcome import Outcome
    from benchmarks.literature.protocol import Protocol


def write_pictures(
    name: str, protocol: type[Protocol], outcomes: Mapping[str, Sequence[Outcome]], *, folder: Path
) -> list[Path]:
    """Write R of every setting and their accuracy curves as PNG files; return their paths.

    ``outcomes`` are those of each setting's seeds. Without any end of a task there is nothing to draw.
    """
    figures = pictures(protocol, outcomes)
    if figures:
        folder.mkdir(parents=True, exist_ok=True)
    paths = {what: folder / f"{name}-{what}.png" for what in figures}
    for what, figure in figures.items():
        write_png(figure, paths[what])
    return list(paths.values())


def pictures(protocol: type[Protocol], outcomes: Mapping[str, Sequence[Outcome]]) -> dict[str, Figure]:
    """Return the same pictures, by what they show; none where there is nothing to draw."""
    drawn = {setting: runs for setting, runs in outcomes.items() if runs[0].matrix}
    if not drawn:
        return {}
    tasks = next(iter(drawn.values()))[0].tasks
    maps = [Map(setting, _mean_matrix(runs)) for setting, runs in drawn.items()]
    curves = [Curve(setting, np.array([_averages(run) for run in runs])) for setting, runs in drawn.items()]
    title = protocol.summary.partition(":")[0].partition(",")[0]
    return {
        "matrix": matrix_maps(maps, tasks=tasks, title=f"{title}: R"),
        "accuracy": accuracy_curves(curves, title=title),
    }


def _scores(run: Outcome) -> NDArray[np.float64]:
    scores: NDArray[np.float64] = np.array(run.matrix, dtype=np.float64)  # None becomes NaN
    return scores


def _mean_matrix(runs: Sequence[Outcome]) -> NDArray[np.float64]:
    matrices = [_scores(run) for run in runs]
    rows = min(map(len, matrices))
    mean: NDArray[np.float64] = np.mean([matrix[:rows] for matrix in matrices], axis=0)
    return mean


def _averages(run: Outcome) -> NDArray[np.float64]:
    """Return the mean of each row of R; the last is on all held-out rows, which the table has too."""
    averages: NDArray[np.float64] = np.nanmean(_scores(run), axis=1)
    averages[-1] = run.figures["final_accuracy"]
    return averages
