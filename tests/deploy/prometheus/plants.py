"""Four simulated streams: two show all there is to show, with labels and without; one forgets, one is silent."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FEATURES = "features: [s1, s2, s3, s4, s5, s6, s7, s8]"
COMMON = """
model: {{type: mlp, hidden: [16]}}
checkpoint: {{directory: "{directory}/state", every_events: 500}}
http: {{port: 0}}
log: {{format: json}}
"""
# The sixth class is one too many, so its events are rejected; regimes change without saying so, which is drift.
RICH = """
name: rich
source: {{type: plant, events: 80000, rate: 600, regimes: [{regimes}]}}
decoder: {{type: json, label: fault, time: ts, {features}}}
reference: {{source: {{type: plant, events: 600, seed: 1}}, rows: 200}}
tasks: {{type: drift, detector: page_hinkley, threshold: 5, min_events: 300}}
learner: {{batch: 8, updates_per_task: 1000000}}
optimizer: {{type: adam, lr: 0.01}}
strategies: [{{type: replay, rows: 200}}, {{type: ewc}}]
companions:
  naive: {{every_blocks: 1, every_examinations: 1}}
  frozen: {{every_blocks: 1, every_examinations: 1}}
  challenger: {{strategies: [{{type: replay, rows: 50}}]}}
retention: {{probe_share: 0.1, every_events: 200, min_segment_events: 100, budget: 0.5, on_breach: [boost]}}
dead_letters: {{type: file, path: "{directory}/dead.jsonl"}}
label: {{max_classes: 5}}
"""
# Nobody labels it: a sensor's next reading is what is predicted, and what is odd for that an anomaly.
UNLABELLED = """
name: unlabelled
source: {{type: plant, events: 80000, rate: 300, regimes: [{regimes}]}}
decoder: {{type: json, time: ts, {features}}}
label: none
target: {{field: s1, ahead: 1}}
anomalies: {{one_in: 100}}
"""
FORGETFUL = """
name: forgetful
source: {{type: plant, events: 150000, rate: 1000, regimes: [{regimes}]}}
decoder: {{type: json, label: fault, task: regime, {features}}}
tasks: {{type: field}}
learner: {{batch: 8}}
optimizer: {{type: adam, lr: 0.01}}
strategies: []
retention: {{probe_share: 0.2, every_events: 300}}
label: {{max_classes: 6}}
"""
SILENT = """
name: silent
source: {{type: hyperplane, rate: 0.0001}}
decoder: {{type: json, label: label}}
label: {{max_classes: 6}}
"""
REGIMES = {
    "rich": ["warm_up", "peak_load", "night", "base_load"] * 25,  # 800 events each
    "forgetful": ["warm_up", *["peak_load"] * 99],  # 1,500 events, and then others for ever
    "silent": ["warm_up"],
    "unlabelled": ["warm_up", "night"] * 50,
}


def configure(name: str, directory: Path) -> Path:
    """Write the configuration of one of them into a new directory, and return the file."""
    directory.mkdir()
    own = {"rich": RICH, "forgetful": FORGETFUL, "silent": SILENT, "unlabelled": UNLABELLED}[name]
    values = {"directory": directory, "regimes": ", ".join(REGIMES[name]), "features": FEATURES}
    file = directory / "retaind.yaml"
    file.write_text((own + COMMON).format(**values), encoding="utf-8")
    return file
