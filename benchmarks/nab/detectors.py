"""What tells anomalies in a series: the daemon, what is simple, and what others have published."""

from __future__ import annotations

import csv
import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.nab.series import seconds
from benchmarks.published import published
from daemon.scoring.anomalies import Anomalies
from daemon.scoring.anomaly_options import AnomaliesSection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from benchmarks.nab.series import Series
    from connectors.sink import Anomaly

    Alarms = NDArray[np.bool_]

SECTIONS: dict[str, Any] = {
    "decoder": {"type": "json", "first_events": 1},
    "label": {"from": "stream", "field": "value", "ahead": 1},
    "features": {
        "label_lags": 3,
        "lags": [{"field": "value", "steps": [1, 2, 3]}],
        "cyclic": [{"period": "day"}, {"period": "week"}],
    },
}
"""As ``examples/machine.yaml`` has them: the next value is predicted."""
Z_ROWS, Z_LEAST, Z_DEVIATIONS = 1_000, 20, 5.0
PUBLISHED = {
    "ARTime": "ARTime",
    "numenta": "Numenta HTM",
    "knncad": "KNN CAD",
    "randomCutForest": "Random Cut Forest",
    "contextOSE": "CAD OSE",
    "twitterADVec": "Twitter ADVec",
    "windowedGaussian": "Windowed Gaussian",
}
"""Folder in numenta/NAB's ``results/`` → name on its scoreboard."""


def predicted(series: Series) -> list[Anomaly | None]:
    """Return what the daemon publishes of each row: how odd it is, what was expected and what came."""
    events = [{"value": value} for value in series.values.tolist()]
    sections = SECTIONS | {"anomalies": {}}
    said = published(sections, events, topic="nab", times_ms=(1_000 * series.times).astype(int).tolist())
    return [each.anomaly for each in said]


def unchanged(series: Series) -> list[Anomaly | None]:
    """Return the same where the next value is said to be that of now."""
    anomalies = Anomalies(AnomaliesSection())
    told = (anomalies.look(0, expected=now, found=then) for now, then in pairwise(series.values.tolist()))
    return [None, *told]


def alarms_of(told: Sequence[Anomaly | None], *, one_in: int) -> Alarms:
    """Return where an anomaly begins ``(rows,)``, were ``anomalies.one_in`` this."""
    anomalies = Anomalies(AnomaliesSection(one_in=one_in))
    again = (each and anomalies.look(0, expected=each.expected, found=each.found) for each in told)
    return np.array([each is not None and each.new for each in again])


def rolling_z(series: Series) -> Alarms:
    """Return where a value is many standard deviations from the mean of those before it ``(rows,)``."""
    told, quiet = np.zeros(len(series.values), dtype=bool), AnomaliesSection().quiet
    since = quiet
    for row in range(Z_LEAST, len(told)):
        before = series.values[max(0, row - Z_ROWS) : row]
        odd = abs(series.values[row] - before.mean()) > Z_DEVIATIONS * before.std() + 1e-9
        told[row] = odd and since >= quiet
        since = 0 if odd else since + 1
    return told


def of_others(folder: Path, series: Series) -> Iterator[tuple[str, Alarms]]:
    """Yield name and alarms of those whose published results on the series the folder has, by their thresholds."""
    thresholds = folder / "config" / "thresholds.json"
    known = json.loads(thresholds.read_text(encoding="utf-8")) if thresholds.exists() else {}
    for detector, name in PUBLISHED.items():
        path = folder / "results" / detector / series.group / f"{detector}_{series.name}.csv"
        if detector in known and path.exists():
            yield name, _published_alarms(path, series, threshold=known[detector]["standard"]["threshold"])


def _published_alarms(path: Path, series: Series, *, threshold: float) -> Alarms:
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    alarms = np.zeros(len(series.times), dtype=bool)
    odd = [seconds(row["timestamp"]) for row in rows if float(row["anomaly_score"]) >= threshold]
    alarms[np.isin(series.times, odd)] = True
    return alarms
