"""The page of all options, in Markdown: one definition of every option, exported for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.json_schema import json_schema
from daemon.config.option_rows import MARK, Options, escaped, reference, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from daemon.config.option_rows import OptionRow
    from daemon.config.tables import Tables

    Schema = Mapping[str, Any]

INTRODUCTION = """\
# Configuration

Every option of the file that `retaind run -c FILE` reads: what it may be, what it is where nothing is said, and
what it does. `retaind schema --markdown` prints this page for the version that you have, `retaind schema` the same
as a JSON Schema for your editor, `retaind init` a file to start from. `retaind validate FILE` finds every error in
one pass.

- A key that is not in these tables is an error, and so is one that is there twice.
- `a.b` is the key `b` within `a`; `a[].b` is `b` in each entry of the list `a`.
- Where a section has a `type`, it chooses the component, and the rest are that component's options.
  `type: "package.module:Class"` takes a class of your own.
- *Live* options take up a new value [on a reload](operating.md#another-configuration-without-a-restart); any other
  change takes a restart.
- `${VAR}`, `${VAR:-default}` and `${VAR:?message}` are taken from the environment, in values only; `$$` is a dollar
  sign.
"""
HEAD = "| key | value | default | meaning |\n|---|---|---|---|"


def option_page(tables: Tables) -> str:
    """Return the page with the components of these tables."""
    schema = json_schema(tables)
    chapters = {each: key for key, option in schema["properties"].items() for each in references(option)}
    options = Options(definitions=schema["$defs"], chapters=chapters)
    parts = [INTRODUCTION, "## The file\n", _table(options.rows(schema, prefix=""))]
    for name, key in chapters.items():
        definition = schema["$defs"][name]
        parts.append(f"\n## {key}\n")
        if "oneOf" in definition:
            parts += [escaped(schema["properties"][key]["description"])]
            parts += _components(options, definition["oneOf"], key)
        else:
            rows = options.rows(definition, prefix=f"{key}.", live=MARK in schema["properties"][key])
            parts += [escaped(definition["description"]), "", _table(rows)]
    return "\n".join(parts) + "\n"


def _components(options: Options, choice: Iterable[Schema], key: str) -> Iterator[str]:
    for each in choice:
        if "$ref" not in each:  # a class of one's own
            continue
        component = options.definitions[reference(each)]
        name = component["properties"]["type"]["const"]
        yield f"\n### {key}: {name}\n\n{escaped(component['description'])}"
        if rows := list(options.rows(component, prefix="")):
            yield f"\n{_table(rows)}"


def _table(rows: Iterable[OptionRow]) -> str:
    lines = (
        f"| `{row.key}` | {row.value} | {row.default} | {row.meaning}{' *Live.*' if row.live else ''} |"
        for row in rows
    )
    return "\n".join([HEAD, *(line.replace("|  |", "| |") for line in lines)])
