"""``retaind forget`` and ``retaind audit verify``, as an operator runs them; and a time to live."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
from typer.testing import CliRunner

from daemon.build.load import load
from daemon.cli import app
from daemon.service import Service
from strategies.buffer import Buffered
from tests.daemon.erasure.planted import SUBJECT, config_of, learned, planted, traces

if TYPE_CHECKING:
    from pathlib import Path

CONFIG = """
source: {type: file, path: events.jsonl}
decoder: {type: json, label: y, task: task, key: key, time: time, features: [a, b, c]}
label: {max_classes: 3}
tasks: {type: field}
model: {type: mlp, hidden: [6]}
learner: {batch: 8}
strategies: [{type: replay, rows: 40}]
companions: {naive: null, frozen: null}
retention: {probe_share: 0.2, probe_rows: 10, window: 30, every_events: 50}
checkpoint: {directory: state, every_seconds: 1000000000.0}
dead_letters: {type: file, path: dead.jsonl}
rejections: {max_share: 0.9}
http: {port: 0}
"""


def test_an_operator_erases_a_key_and_proves_it(tmp_path: Path) -> None:
    lines = []
    for record in planted():
        try:
            event = json.loads(record.value or b"") | {"time": record.timestamp / 1000}
        except ValueError:
            event = {"broken": True}
        lines.append(json.dumps(event | {"key": (record.key or b"").decode()}))
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n")
    config = tmp_path / "retaind.yaml"
    text = CONFIG
    for name in ("events.jsonl", "dead.jsonl", "state"):
        text = text.replace(f": {name}", f": {tmp_path / name}")
    config.write_text(text)
    with Service(load(config)) as service:
        service.run(stop=lambda: False)
    assert traces(tmp_path / "state") != []

    ran = CliRunner().invoke(app, ["forget", "--key", SUBJECT.decode(), "-c", str(config), "--json"])
    assert ran.exit_code == 0, ran.output
    told = json.loads(next(line for line in ran.output.splitlines() if line.startswith("{")))
    assert told["removed"]["dead letters"] == 1
    assert traces(tmp_path / "state") == []
    assert SUBJECT not in (tmp_path / "dead.jsonl").read_bytes()

    audit = CliRunner().invoke(app, ["audit", "verify", "-c", str(config), "--key", SUBJECT.decode()])
    assert audit.exit_code == 0
    assert "1 entries, as they were written" in audit.output
    with Service(load(config)) as service:
        service.run(stop=lambda: False)
        assert service.loop.pipeline.events == told_events(lines)


def told_events(lines: list[str]) -> int:
    return sum("broken" not in line for line in lines)


def test_rows_older_than_max_age_are_not_remembered(tmp_path: Path) -> None:
    config = config_of(
        tmp_path,
        {
            "retention": {"probe_share": 0.3, "probe_rows": 40, "every_events": 40, "window": 30, "max_age": "50s"},
            "strategies": [{"type": "replay", "rows": 200}],
        },
    )
    main = learned(config, tmp_path).loop.pipeline.by_target[""].main
    assert main is not None
    replay = dict(main.scored.learner.strategies)["replay"]
    assert isinstance(replay, Buffered)
    newest = 1_700_000_000_000 + 160_000
    remembered = replay.memory.rows().time_ms.numpy()
    probes = [rows["whose"][:, 1] for rows in main.state_dict()["probes"]["sets"].values()]
    assert len(remembered) > 20
    assert min(remembered.min(), np.concatenate(probes).min()) >= newest - 60_000
