from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from daemon.config.json_schema import json_schema
from daemon.config.schema import Config

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.tables import Tables


@pytest.fixture(scope="module")
def schema(tables: Tables) -> dict[str, Any]:
    made: dict[str, Any] = json.loads(json.dumps(json_schema(tables)))
    return made


def objects(schema: Any) -> Iterator[dict[str, Any]]:
    if isinstance(schema, dict):
        yield schema
    for value in schema.values() if isinstance(schema, dict) else schema if isinstance(schema, list) else ():
        yield from objects(value)


def test_it_says_which_draft_it_is_and_has_every_section(schema: dict[str, Any]) -> None:
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(schema["properties"]) == set(Config.model_fields)
    assert set(schema["required"]) == {"source", "decoder", "checkpoint"}


def test_every_component_of_every_table_can_be_chosen_by_its_type(schema: dict[str, Any], tables: Tables) -> None:
    for table in tables.names():
        chosen = [each.get("$ref") for each in schema["$defs"][table]["oneOf"]]
        assert [f"#/$defs/{table}.{name}" for name in getattr(tables, table)] == [r for r in chosen if r]
        for name in getattr(tables, table):
            component = schema["$defs"][f"{table}.{name}"]
            assert component["properties"]["type"]["const"] == name
            assert component["additionalProperties"] is False


def test_a_class_of_ones_own_can_be_chosen_except_for_the_label(schema: dict[str, Any], tables: Tables) -> None:
    for table in tables.names():
        own = [each for each in schema["$defs"][table]["oneOf"] if "$ref" not in each]
        assert len(own) == (0 if table == "label" else 1)
        for each in own:
            assert re.search(each["properties"]["type"]["pattern"], "my_pkg.my_mod:MyStrategy")
            assert not re.search(each["properties"]["type"]["pattern"], "replay")


def test_every_reference_leads_somewhere(schema: dict[str, Any]) -> None:
    references = [each["$ref"] for each in objects(schema) if isinstance(each.get("$ref"), str)]
    assert references
    assert {reference.removeprefix("#/$defs/") for reference in references} <= set(schema["$defs"])


def test_a_number_may_come_from_a_variable(schema: dict[str, Any]) -> None:
    batch = schema["$defs"]["LearnerSection"]["properties"]["batch"]
    assert batch["type"] == ["integer", "string"]
    assert re.search(batch["pattern"], "${BATCH:-32}")
    assert not re.search(batch["pattern"], "many")


def test_every_section_is_described(schema: dict[str, Any]) -> None:
    for section in schema["properties"].values():
        referred = schema["$defs"][section["$ref"].removeprefix("#/$defs/")] if "$ref" in section else {}
        assert section.get("description") or referred.get("description")


def test_the_type_is_required_except_of_a_label_which_is_a_class_by_default(schema: dict[str, Any]) -> None:
    chosen = [each["$ref"] for table in objects(schema) for each in table.get("oneOf", ()) if "$ref" in each]
    components = [reference.removeprefix("#/$defs/") for reference in chosen]
    without = [name for name in components if "type" not in schema["$defs"][name].get("required", ())]
    assert without == ["label.class"]
