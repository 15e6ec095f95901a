"""``retaind config``."""

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from daemon.config.errors import REDACTED, KeyPath

config = typer.Typer(
    help="Show the configuration as the daemon understands it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@config.callback()
def _group() -> None:
    """Show the configuration as the daemon understands it."""


@config.command()
def show(
    file: Annotated[Path, typer.Argument(help="The YAML file.")],
    *,
    form: Annotated[Literal["yaml", "json"], typer.Option("--format", help="yaml or json.")] = "yaml",
    origins: Annotated[
        bool, typer.Option("--origins", help="Say at each value whether it is a default; in YAML.")
    ] = False,
) -> None:
    """Show every option: what the file says, variables resolved, and the defaults of all the rest.

    `strategies: default` is the list that it stands for. Secrets are [redacted]; with them put back, the output is
    a file that means the same.
    """
    from daemon.build.load import load  # noqa: PLC0415 - for the same reason
    from daemon.config.effective import effective, origin  # noqa: PLC0415 - it may import torch, and --help need not wait
    from daemon.config.values import value_at  # noqa: PLC0415
    from daemon.config.yaml_text import literal_values, yaml_text  # noqa: PLC0415

    if origins and form == "json":
        raise typer.BadParameter("JSON has no comments: leave out --origins or --format json")
    loaded = load(file)
    shown = effective(loaded)

    def remark(path: KeyPath) -> str:
        return origin(loaded, path) if origins and value_at(path, shown) != REDACTED else ""

    if form == "json":
        typer.echo(json.dumps(literal_values(shown), indent=2, ensure_ascii=False))
    else:
        typer.echo(yaml_text(shown, remark=remark))
