"""``retaind schema``."""

import json
from typing import Annotated

import typer

from daemon.config.json_schema import json_schema
from daemon.config.option_page import option_page
from daemon.config.tables import Tables


def schema(
    *,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="Print a page of all options to read instead.")
    ] = False,
) -> None:
    """Print the JSON Schema (draft 2020-12) of the configuration file.

    Save it and name it in the first line of your file, for completion in the editor:
    # yaml-language-server: $schema=retaind.schema.json
    """
    tables = Tables.installed()
    typer.echo(option_page(tables) if markdown else json.dumps(json_schema(tables), indent=2), nl=not markdown)
