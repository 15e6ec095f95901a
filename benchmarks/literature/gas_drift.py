"""Gas sensors that drift: the batches of 36 months, one after another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from benchmarks.literature.evaluation import AHEAD
from benchmarks.literature.gas_batches import FEATURES, NUMBERS, GasBatch, read_gas_batches
from benchmarks.literature.protocol import HeldOut, MethodSetting, Overrides, Protocol
from benchmarks.literature.row_stream import RowStream, RowTask
from benchmarks.literature.splits import stratified
from benchmarks.literature.stream_recipe import ALONE, PREQUENTIAL_COLUMNS, REFERENCES, RETENTION_COLUMNS, peers
from daemon.intake.features.stream import signed_logarithm

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

GASES = ["ethanol", "ethylene", "ammonia", "acetaldehyde", "acetone", "toluene"]
REPLAY: dict[str, Any] = {
    "type": "replay",
    "rows": 2000,
    "storage": "float16",
    "batch": 128,
    "policy": "task_balanced",
}
NEXT_BATCH = (
    "Accuracy on all rows of the batch, when those before it are learned but for their held-out fifth, and none of"
    " its own, as in Lin and Zhan 2025 (arXiv 2507.17071). Batches 7 and 10 are missing: 8 comes after 6."
)


class GasDrift(Protocol):
    """Six gases by 16 ageing sensors (Vergara et al. 2012): the inputs drift, the classes come and go."""

    summary = (
        "Gas sensor drift: 8 of the 10 batches in order, each shuffled, one pass; a fifth of each class held out."
    )
    base: ClassVar[Overrides] = {
        "decoder": {"type": "raw", "dtype": "float32", "shape": [FEATURES], "label": "label", "task": "task"},
        "label": {"classes": GASES},
        "features": {"logarithmic": "all"},
        "tasks": {"type": "field"},
        "model": {"type": "mlp", "hidden": [128, 128]},
        "optimizer": {"type": "adam", "lr": 0.001},
        "learner": {"batch": 10},
        "strategies": [],
        "retention": {"probe_share": 0.0, "min_segment_events": 1, "every_events": 1_000_000},
        "companions": REFERENCES,
    }
    evaluated_on = "Held-out rows."
    validated_on = "Rows held back of training."
    columns: ClassVar[Mapping[str, str]] = RETENTION_COLUMNS | PREQUENTIAL_COLUMNS
    further_tables: ClassVar[Mapping[str, Mapping[str, str]]] = {
        NEXT_BATCH: {f"{AHEAD}.batch-{number}": f"batch {number}, %" for number in NUMBERS[1:]}
        | {AHEAD: "mean, %"},
    }
    settings: ClassVar[Mapping[str, MethodSetting]] = {
        "naive": MethodSetting(overrides=ALONE),
        "replay": MethodSetting(
            overrides={"learner": {"updates_per_batch": 10}, "strategies": [REPLAY]},
            note="2,000 rows of float16, balanced by batch; 10 steps on 10 events",
        ),
        "default": MethodSetting(
            overrides=ALONE | {"strategies": "default", "committee": None},
            note="the main learner of `strategies: default`: DER++ with 2,000 rows, more steps while young",
        ),
        "closed-form": MethodSetting(
            overrides=ALONE | {"model": {"type": "closed_form", "features": 1000}, "learner": {"batch": 32}},
            note="ridge regression on 1,000 random features, no rows",
        ),
        "joint": MethodSetting(peer="joint", overrides=ALONE, note="all rows at once, 15 epochs"),
        **peers(),
    }
    evaluation_rows = None

    def stream(self, data: Path, *, seed: int, validate: bool) -> RowStream:
        """Return the stream of one seed, which decides what is held out, and the order within each batch."""
        tasks = [_task(batch, seed=seed, validate=validate) for batch in read_gas_batches(data)]
        return RowStream(tasks, classes=GASES)


def _task(batch: GasBatch, *, seed: int, validate: bool) -> RowTask:
    generator = np.random.default_rng([seed, batch.number])
    learned, held_out = stratified(batch.y, generator=generator)
    if validate:
        inner, chosen = stratified(batch.y[learned], generator=generator)
        learned, held_out = learned[inner], learned[chosen]
    learned = generator.permutation(learned)
    test = HeldOut(_as_taken_in(batch.x[held_out]), batch.y[held_out])
    known = np.concatenate([learned, held_out])
    every = HeldOut(_as_taken_in(batch.x[known]), batch.y[known])
    return RowTask(f"batch-{batch.number}", batch.x[learned], batch.y[learned], test, every)


def _as_taken_in(x: NDArray[np.float32]) -> NDArray[np.float32]:
    return signed_logarithm(x.astype(np.float64)).astype(np.float32)
