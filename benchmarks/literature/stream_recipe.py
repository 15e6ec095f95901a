"""What the protocols on streams of the world have in common: references in the same run, and peers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.literature.protocol import MethodSetting

if TYPE_CHECKING:
    from benchmarks.literature.protocol import Overrides

REFERENCES: dict[str, Any] = {
    "naive": {"every_blocks": 1},
    "frozen": {"every_blocks": 1},
}
"""Both in every block, so that their scores are of the same events as the model's."""
ALONE: dict[str, Any] = {"companions": {"naive": None, "frozen": None}}
"""For settings whose references another setting shows already."""
PREQUENTIAL_COLUMNS = {
    "prequential_accuracy": "prequential, %",
    "no_change_accuracy": "no-change, %",
    "naive_prequential_accuracy": "naive, %",
    "frozen_prequential_accuracy": "frozen, %",
}
RETENTION_COLUMNS = {
    "final_accuracy": "held out at the end, %",
    "forgetting": "forgetting",
    "backward_transfer": "backward transfer",
    "naive_final_accuracy": "naive, held out, %",
    "frozen_final_accuracy": "frozen, held out, %",
    "memory_bytes": "memory, bytes",
}


def peers(plain: Overrides | None = None) -> dict[str, MethodSetting]:
    """Return river's models on the same rows; with ``plain``, over the base, also on rows without our features."""
    settings = {
        "river-arf": MethodSetting(peer="arf", overrides=ALONE, note="10 trees, on the same rows"),
        "river-logistic": MethodSetting(peer="logistic", overrides=ALONE, note="standardised, on the same rows"),
    }
    if plain is not None:
        settings |= {
            f"{name}-plain": MethodSetting(peer=setting.peer, overrides=ALONE | plain, note="on the fields alone")
            for name, setting in settings.items()
        }
    return settings
