"""A file of results as `python -m benchmarks` writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.literature import PROTOCOLS
from benchmarks.literature.outcome import Outcome
from benchmarks.literature.results import Results
from benchmarks.literature.run import Run

if TYPE_CHECKING:
    from pathlib import Path

PROTOCOL, TASKS = next(iter(PROTOCOLS)), 4


def results_file(path: Path) -> Path:
    """Two settings of a protocol, two seeds each: one forgets, the other less."""
    results = Results(path)
    for setting, kept in zip(list(PROTOCOLS[PROTOCOL].settings)[:2], (0.6, 0.95), strict=True):
        for seed in range(2):
            run = Run(PROTOCOL, setting, seed)
            results.add(run, outcome(run, kept=kept))
    return path


def outcome(run: Run, *, kept: float) -> Outcome:
    """Scores that fall to a share ``kept`` with each further task."""
    ages = np.subtract.outer(np.arange(TASKS), np.arange(TASKS))
    scores = np.where(ages < 0, np.nan, (0.97 - 0.01 * run.seed) * kept ** np.maximum(ages, 0))
    return Outcome(
        protocol=run.protocol,
        setting=run.setting,
        seed=run.seed,
        validate_only=False,
        configuration=run.configuration,
        digest=run.digest,
        tasks=[f"task {number}" for number in range(1, TASKS + 1)],
        matrix=[[None if np.isnan(score) else float(score) for score in row] for row in scores],
        final=scores[-1].tolist(),
        course=[(1_000, None), (2_000, 0.5), (3_000, kept), (4_000, kept)],
        figures={"final_accuracy": float(scores[-1].mean()), "forgetting": None, "memory_bytes": 1e6},
        versions={"retaind": "0.1.0", "torch": "2", "python": "3.11"},
    )
