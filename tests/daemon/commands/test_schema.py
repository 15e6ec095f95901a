from __future__ import annotations

import json

from typer.testing import CliRunner

from daemon.cli import app


def test_the_json_schema_of_the_file_is_printed() -> None:
    result = CliRunner().invoke(app, ["schema"])
    assert result.exit_code == 0
    schema = json.loads(result.stdout)
    assert {"$ref": "#/$defs/source.kafka"} in schema["$defs"]["source"]["oneOf"]


def test_the_same_is_printed_as_a_page_to_read() -> None:
    result = CliRunner().invoke(app, ["schema", "--markdown"])
    assert result.exit_code == 0
    assert result.stdout.startswith("# Configuration\n")
    assert "\n### source: kafka\n" in result.stdout
    assert result.stdout.endswith(" |\n")
