"""The JSON Schema of the configuration file, for editors: one definition of every option, exported."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.components import options_model
from daemon.config.schema import Config
from daemon.config.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping

DIALECT = "https://json-schema.org/draft/2020-12/schema"
# A number or a truth value may also be written as text: "${PORT}", or a size in bytes such as 64MiB.
_AS_TEXT = r"\$\{|^[0-9.]+ ?[kKMGTP]i?[bB]$"
_OWN_CLASS = {
    "description": "A class or factory function of your own, importable where retaind runs.",
    "type": "object",
    "properties": {"type": {"type": "string", "pattern": "^[A-Za-z_][A-Za-z0-9_.]*:[A-Za-z_][A-Za-z0-9_]*$"}},
    "required": ["type"],
}


def json_schema(tables: Tables) -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of the whole file, with the components of these tables."""
    schema = Config.model_json_schema()
    definitions = schema.setdefault("$defs", {})
    for name in Tables.names():
        definitions |= _choice(name, getattr(tables, name))
    return {"$schema": DIALECT, **_adapted(schema)}


def _choice(section: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """Return the definitions of a table's components, and of the choice among them under the table's name."""
    definitions: dict[str, Any] = {}
    for name, factory in table.items():
        definitions |= _component(f"{section}.{name}", name, factory)
    alternatives: list[dict[str, Any]] = [{"$ref": f"#/$defs/{section}.{name}"} for name in table]
    own = [] if section == "label" else [_OWN_CLASS]
    return {**definitions, section: {"oneOf": alternatives + own}}


def _component(full_name: str, name: str, factory: Any) -> dict[str, Any]:
    model = options_model(factory)
    schema = model.model_json_schema(ref_template=f"#/$defs/{full_name}.{{model}}")
    inner = {f"{full_name}.{key}": value for key, value in schema.pop("$defs", {}).items()}
    kind = {"const": name, "description": f"Chooses {name}."}
    schema["properties"] = {"type": kind, **{k: v for k, v in schema["properties"].items() if k != "type"}}
    if full_name != "label.class":  # what a label is where nothing is said
        schema["required"] = ["type", *(key for key in schema.get("required", ()) if key != "type")]
    return {full_name: schema, **inner}


def _adapted(schema: Any) -> Any:
    """Return the schema with components referred to, and numbers and truth values allowed as text."""
    if isinstance(schema, list):
        return [_adapted(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    result = {key: value if key == "default" else _adapted(value) for key, value in schema.items()}
    result.pop("x-options", None)  # of our own messages
    if "x-component" in result:
        del result["type"]
        return {"$ref": f"#/$defs/{result.pop('x-component')}", **result}
    if result.get("type") in ("integer", "number", "boolean") and "const" not in result:
        return {**result, "type": [result["type"], "string"], "pattern": _AS_TEXT}
    return result
