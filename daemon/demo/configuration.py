"""The two configurations of the demo: ordinary files, which `retaind run` would take as well."""

from __future__ import annotations

import json
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

NAIVE, RETAIND = "naive", "retaind"
STRATEGIES = {
    NAIVE: "strategies: []     # nothing against forgetting",
    RETAIND: "strategies: [{type: replay}, {type: ewc}]",
}
PORTS = {NAIVE: 0, RETAIND: 9464}
EVALUATIONS = 120


def write_configuration(output: Path, name: str, *, events: int) -> Path:
    """Write the file of the learner ``name`` into ``output`` and return its path.

    The plant has so many events; retention is measured about ``EVALUATIONS`` times, besides the boundaries.
    """
    template = Template(files("daemon.demo").joinpath("plant.yaml").read_text(encoding="utf-8"))
    path = output / f"{name}.yaml"
    text = template.substitute(
        name=name,
        events=events,
        strategies=STRATEGIES[name],
        every_events=max(1, events // EVALUATIONS),
        directory=_quoted(state_directory(output, name)),
        port=PORTS[name],
    )
    path.write_text(text, encoding="utf-8")
    return path


def state_directory(output: Path, name: str) -> Path:
    """Return where the learner ``name`` keeps its checkpoints."""
    return output.resolve() / "state" / name


def _quoted(path: Path) -> str:
    """Return a path as a YAML scalar of our files, in which a dollar sign begins a variable."""
    return json.dumps(str(path), ensure_ascii=False).replace("$", "$$")
