"""What permuted, rotated and sequential MNIST have in common in the DER paper.

Buzzega et al. 2020, Dark experience for general continual learning (arXiv 2004.07211), and the settings of its code
(aimagelab/mammoth): one epoch, plain SGD, an MLP with two hidden layers of 100, pixels from 0 to 1, the reservoir
filled after each step. Rows are drawn from memory with replacement, as the daemon does, and weights begin as torch
makes them unless a protocol says otherwise.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from benchmarks.literature.protocol import MethodSetting, Published

if TYPE_CHECKING:
    from benchmarks.literature.protocol import Overrides

SCALE = 1 / 255
SOURCE = "Buzzega et al. 2020"
COLUMNS = {
    "final_accuracy": "accuracy, %",
    "backward_transfer": "backward transfer",
    "forgetting": "forgetting",
    "learning_accuracy": "when just learned, %",
    "prequential_accuracy": "prequential, %",
    "memory_bytes": "memory, bytes",
    "events_per_second": "events/s",
}
PIXELS = 784
FLOAT32_ROW_BYTES = PIXELS * 4
AVERAGING = 0.998


def base(*, batch: int, lr: float, network: str = "mlp") -> Overrides:
    """Return the configuration that the settings are laid over; ``network`` is the type of the model."""
    return {
        "decoder": {
            "type": "raw",
            "dtype": "uint8",
            "shape": [784],
            "scale": SCALE,
            "label": "label",
            "task": "task",
        },
        "label": {"classes": [str(digit) for digit in range(10)]},
        "tasks": {"type": "field"},
        "model": {"type": network, "hidden": [100, 100]},
        "optimizer": {"type": "sgd", "lr": lr},
        "learner": {"batch": batch, "standardise": False},
        "strategies": [],
        # All training images are trained on: the test images are the probes.
        "retention": {"probe_share": 0.0, "min_segment_events": 1, "every_events": 1_000_000},
    }


def er(rows: int, *, lr: float, batch: int = 128, figure: str) -> MethodSetting:
    """Return experience replay from so many float32 rows, the published way."""
    return _setting({"type": "replay", "rows": rows, "batch": batch}, lr=lr, figure=figure)


def derpp(rows: int, *, alpha: float, beta: float, lr: float, batch: int = 128, figure: str) -> MethodSetting:
    """Return DER++ with so many float32 rows, the published way."""
    strategy = {"type": "derpp", "rows": rows, "alpha": alpha, "beta": beta, "batch": batch}
    return _setting(strategy, lr=lr, figure=figure)


def cls_er(
    rows: int, *, lr: float, strength: float, stable_frequency: float, batch: int, figure: str
) -> MethodSetting:
    """Return CLS-ER from so many float32 rows, with the settings of its own paper's code (NeurAI-Lab/CLS-ER)."""
    strategy = {
        "type": "cls_er",
        "rows": rows,
        "batch": batch,
        "strength": strength,
        "stable_decay": 0.99,
        "stable_frequency": stable_frequency,
        "plastic_decay": 0.99,
        "plastic_frequency": 1.0,
    }
    setting = _setting(strategy, lr=lr)
    return replace(setting, published=Published(figure, "Arani et al. 2022"), note="the stable average predicts")


def compact(rows: int, *, alpha: float, beta: float, lr: float, batch: int = 128) -> MethodSetting:
    """Return DER++ in the bytes of so many float32 images: half a byte a pixel.

    α, β, the learning rate and the rows rehearsed were chosen by ``--validate`` on one seed.
    """
    strategy = {"type": "derpp", "bytes": budget(rows), "storage": "uint4", "batch": batch}
    return _setting(strategy | {"alpha": alpha, "beta": beta}, lr=lr)


def averaged(setting: MethodSetting) -> MethodSetting:
    """Return a setting that predicts by an average of the weights over some hundreds of steps.

    It forgets less for it, and is slower to take up a new task, which the prequential score shows.
    """
    note = f"{setting.note}; averaged weights"
    return replace(setting, overrides={**setting.overrides, "learner": {"averaging": AVERAGING}}, note=note)


def plain(strategy: dict[str, Any], *, lr: float, figure: str) -> MethodSetting:
    """Return one strategy with the settings of the paper's code."""
    return _setting(strategy, lr=lr, figure=figure)


def si(*, lr: float, strength: float, damping: float, figure: str) -> MethodSetting:
    """Return synaptic intelligence as published: the importance of a task is taken at its end, and stays."""
    strategy = {"type": "si", "strength": strength, "damping": damping, "decay": 1.0, "every_events": None}
    return _setting(strategy, lr=lr, figure=figure)


def ewc(*, lr: float, strength: float, figure: str) -> MethodSetting:
    """Return online EWC alone: γ 1, a Fisher from sampled labels of 2,000 rows of each task."""
    strategy = {"type": "ewc", "strength": strength, "decay": 1.0, "fisher": "sampled", "fisher_rows": 2000}
    return _setting(strategy | {"every_events": None}, lr=lr, figure=figure)


def ewc_by_layer(*, lr: float, strength: float, figure: str) -> MethodSetting:
    """Return online EWC alone, with the Fisher of whole layers; the published figure is that of the diagonal."""
    strategy = {"type": "ewc", "curvature": "kronecker", "strength": strength, "decay": 1.0, "fisher_rows": 2000}
    setting = _setting(strategy | {"every_events": None}, lr=lr, figure=figure)
    return replace(setting, note="Kronecker-factored; published: diagonal")


def closed_form(features: int, *, solve_every: int = 512) -> MethodSetting:
    """Return ridge regression on the pixels and so many random features of them; its sums are its only memory.

    The gain was chosen on digits of the training data that were held back, among 1, 2, 3, 5 and 8.
    """
    model = {"type": "closed_form", "features": features, "gain": 5.0, "solve_every": solve_every}
    megabytes = 8 * (1 + PIXELS + features) ** 2 / 1e6
    note = f"no rows; the sums take {megabytes:.0f} MB"
    return MethodSetting(overrides={"model": model, "learner": {"batch": 128}, "strategies": []}, note=note)


def budget(rows: int) -> int:
    """Return the bytes that the pixels alone of so many float32 images take.

    What a method stores in them is counted to the last byte: pixels, label, task, provenance and outputs.
    """
    return rows * FLOAT32_ROW_BYTES


def _setting(strategy: dict[str, Any], *, lr: float, figure: str | None = None) -> MethodSetting:
    overrides: Overrides = {"optimizer": {"lr": lr}, "strategies": [strategy]}
    note = f"{strategy['bytes']:,} bytes in all" if "bytes" in strategy else ""
    return MethodSetting(overrides=overrides, published=None if figure is None else published(figure), note=note)


def published(figure: str) -> Published:
    """Return a figure of the paper."""
    return Published(figure, SOURCE)
