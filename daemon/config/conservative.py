"""What is assumed for a model that has learned before, where the file says nothing: small steps, of low rank."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOW_RATES = {"adam": 0.0003, "sgd": 0.005}
_RANK = 8


def conservative(sections: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the sections to assume, by name, in addition to those that a file gives; none without ``pretrained``.

    >>> conservative({"model": {"type": "mlp", "pretrained": "base.safetensors"}, "optimizer": {"type": "sgd"}})
    {'adapters': [{'type': 'lora', 'rank': 8}], 'optimizer': {'type': 'sgd', 'lr': 0.005}}
    """
    model, optimizer = sections.get("model"), sections.get("optimizer", {"type": "adam"})
    if not isinstance(model, dict) or not model.get("pretrained"):
        return {}
    assumed: dict[str, Any] = {}
    # A linear model is nothing but its head, which learns in full.
    if "adapters" not in sections and model.get("type") != "linear":
        assumed["adapters"] = [{"type": "lora", "rank": _RANK}]
    if isinstance(optimizer, dict) and optimizer.get("type") in _LOW_RATES and "lr" not in optimizer:
        assumed["optimizer"] = {**optimizer, "lr": _LOW_RATES[optimizer["type"]]}
    return assumed
