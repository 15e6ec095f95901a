"""``retaind schema``."""

import json

import typer

from daemon.config.json_schema import json_schema
from daemon.config.tables import Tables


def schema() -> None:
    """Print the JSON Schema (draft 2020-12) of the configuration file.

    Save it and name it in the first line of your file, for completion in the editor:
    # yaml-language-server: $schema=retaind.schema.json
    """
    typer.echo(json.dumps(json_schema(Tables.installed()), indent=2))
