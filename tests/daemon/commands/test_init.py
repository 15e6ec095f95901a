from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

import yaml
from typer.testing import CliRunner

from daemon.cli import app
from daemon.config.starter import starter

if TYPE_CHECKING:
    from pathlib import Path

    from tests.kafka.cluster import Cluster


def test_a_file_to_start_from_is_written_and_validates(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    result = CliRunner().invoke(app, ["init", str(file)])
    assert result.exit_code == 0
    assert f"retaind validate {file}" in result.output
    assert file.read_text(encoding="utf-8") == starter()
    assert CliRunner().invoke(app, ["validate", "--strict", str(file)]).exit_code == 0


def test_an_existing_file_is_not_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "plant.yaml"
    file.write_text("precious", encoding="utf-8")
    result = CliRunner().invoke(app, ["init", str(file)])
    assert result.exit_code == 74
    assert "exists already" in result.stderr
    assert file.read_text(encoding="utf-8") == "precious"


def test_a_folder_that_is_not_there_is_said_plainly(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["init", str(tmp_path / "nowhere" / "plant.yaml")])
    assert result.exit_code == 74
    assert "No such file or directory" in result.stderr


EVENTS = [{"device": f"d{n % 4}", "temp": n / 7, "state": ("ok", "worn")[n % 2]} for n in range(200)]


def test_from_a_file_it_shows_the_fields_and_writes_what_learns_them(tmp_path: Path) -> None:
    data, file = tmp_path / "pumps.jsonl", tmp_path / "pumps.yaml"
    data.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    result = CliRunner().invoke(app, ["init", "--from", str(data), "--output", str(file)])
    assert result.exit_code == 0, result.output
    assert "Looked at all 200 records." in result.stdout
    for field, becomes in (("device", "key: by its name"), ("temp", "feature"), ("state", "label: by its name")):
        assert re.search(rf"^{field} .*{becomes}", result.stdout, re.MULTILINE)
    assert f"retaind run -c {file}" in result.stdout
    assert CliRunner().invoke(app, ["validate", "--sample", str(file)]).exit_code == 0
    again = CliRunner().invoke(app, ["init", "--from", str(data), "--output", str(file)])
    assert (again.exit_code, "exists already" in again.stderr) == (74, True)


def test_options_overrule_what_is_guessed(tmp_path: Path) -> None:
    data, file = tmp_path / "pumps.jsonl", tmp_path / "pumps.yaml"
    data.write_text("".join(json.dumps(event) + "\n" for event in EVENTS))
    arguments = ["--label", "temp", "--kind", "number", "--key", "none", "--task", "device", "-o", str(file)]
    assert CliRunner().invoke(app, ["init", "--from", str(data), *arguments]).exit_code == 0
    written = yaml.safe_load(file.read_text())
    assert (written["decoder"]["label"], written["label"]["type"]) == ("temp", "number")
    assert (written["decoder"]["task"], written["tasks"]["type"]) == ("device", "field")
    assert "key" not in written["decoder"]


def test_what_is_not_there_or_cannot_be_learned_ends_it_with_65_and_writes_nothing(tmp_path: Path) -> None:
    file = tmp_path / "first.yaml"
    (tmp_path / "words.csv").write_text("name,class\n" + "".join(f"anna{n},x{n % 2}\n" for n in range(40)))
    for data, said in (
        ("nowhere.csv", "is no file; for a topic"),
        (str(tmp_path / "words.csv"), "nothing to learn"),
    ):
        result = CliRunner().invoke(app, ["init", "--from", data, "-o", str(file)])
        assert (result.exit_code, said in result.stderr) == (65, True), result.output
    assert not file.exists()


def test_from_a_topic_it_reads_some_events_joins_nothing_and_writes_its_source(
    broker: Cluster, topic: str, tmp_path: Path
) -> None:
    file = tmp_path / "plant.yaml"
    broker.produce(topic, [json.dumps(event).encode() for event in EVENTS])
    brokers = ["--bootstrap-servers", broker.bootstrap, "--timeout", "30"]
    result = CliRunner().invoke(app, ["init", "--from", topic, *brokers, "--output", str(file)])
    assert result.exit_code == 0, result.output
    source = yaml.safe_load(file.read_text())["source"]
    assert source == {
        "type": "kafka",
        "bootstrap_servers": broker.bootstrap,
        "topics": [topic],
        "group": f"retaind-{topic}",
    }
    assert CliRunner().invoke(app, ["validate", "--sample", str(file)]).exit_code == 0


def test_a_broker_that_is_not_there_ends_it_with_69(tmp_path: Path) -> None:
    brokers = ["--bootstrap-servers", "127.0.0.1:1", "--timeout", "0.5"]
    result = CliRunner().invoke(app, ["init", "--from", "plant", *brokers, "-o", str(tmp_path / "plant.yaml")])
    assert result.exit_code == 69, result.output
    assert "127.0.0.1:1" in result.stderr or "broker" in result.stderr
