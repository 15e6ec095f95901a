"""The daemon as a user would have it, and the same with one thing changed: a line each."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from benchmarks.literature.configuration import merged
from daemon.build.load import load_bytes

if TYPE_CHECKING:
    from daemon.config.schema import Config

LABEL, TIME, PRODUCT, CAMPAIGN = "state", "ts", "product", "campaign"
"""Fields of an event that no sensor shows."""
DEFAULT = "default"
SIMULATED: dict[str, Any] = {"max_ahead_seconds": None, "first_events": 1}
"""Of the decoder: a simulated year may lie ahead, and what is scored is every answer from the first on."""


@dataclass(frozen=True, slots=True)
class Variant:
    """What stands in the file beside what every file has."""

    summary: str
    overrides: dict[str, Any] = field(default_factory=dict)


def _tasks(name: str) -> dict[str, Any]:
    return {"tasks": {"type": "field"}, "decoder": {"task": name}}


UNPROTECTED: dict[str, Any] = {"scale_half_life": None, "clip_values": None}

# What is added here is run by its name; nothing else has to know of it.
VARIANTS: dict[str, Variant] = {
    DEFAULT: Variant("every default, no tasks"),
    "products": Variant("tasks are named: twelve products, some of which come back", _tasks(PRODUCT)),
    "campaigns": Variant("tasks are named: 36 campaigns, more than there is room for", _tasks(CAMPAIGN)),
    "drift": Variant("tasks begin at drift alarms", {"tasks": {"type": "drift"}}),
    "alone": Variant("no committee: the main learner answers", {"committee": None}),
    "replay": Variant("replay without an anchor, no committee", {"strategies": [{"type": "replay"}]}),
    "naive": Variant("nothing against forgetting, no committee", {"strategies": []}),
    "lasting-scale": Variant(
        "the scale of a feature counts all events alike", {"learner": {"scale_half_life": None}}
    ),
    "unprotected": Variant("broken readings count in it too", {"learner": UNPROTECTED}),
    "unprotected-alone": Variant(
        "broken readings count in it too, no committee", {"learner": UNPROTECTED, "committee": None}
    ),
    "unscaled": Variant("features as they come", {"learner": {"standardise": False}}),
    "unscaled-alone": Variant(
        "features as they come, no committee", {"learner": {"standardise": False}, "committee": None}
    ),
}


def written(name: str, *, seed: int) -> dict[str, Any]:
    """Return a variant's whole file: where events are, what a label is, and what the variant changes."""
    base = {
        "source": {"type": "file", "path": "(the simulated plant)"},
        "decoder": {"type": "json", "label": LABEL, "time": TIME} | SIMULATED,
        "strategies": "default",
        "predictions": {"type": "file", "path": "(nowhere)"},
        "checkpoint": {"directory": "(none)"},
        "seed": seed,
    }
    return merged(base, VARIANTS[name].overrides)


@cache
def configuration(name: str, *, seed: int) -> Config:
    """Return a variant's configuration with every default filled in."""
    # JSON is YAML.
    return load_bytes(json.dumps(written(name, seed=seed)).encode(), file=f"the variant {name}", environ={})
