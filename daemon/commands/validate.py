"""``retaind validate``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from daemon.build.load import load
from daemon.config.advice.advice import advise
from daemon.process.exit_codes import ExitCode
from daemon.web.control_token import control_token
from daemon.web.web_config import web_config


def validate(
    file: Annotated[Path, typer.Argument(help="The YAML file to check.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on advice too.")] = False,
) -> None:
    """Check a configuration file: every error in one pass, then advice that is not an error.

    Variables are taken from this environment. Exits 0 where the file can be used, 78 where it cannot.
    """
    config = load(file)
    web_config(config)
    control_token(config)
    advice = advise(config)
    for remark in advice:
        typer.echo(str(remark), err=True)
    if strict and advice:
        raise typer.Exit(ExitCode.CONFIG)
    for section, value in config.assumed.items():
        typer.echo(f"{file}: {section} is assumed for the pretrained model: {json.dumps(value)}")
    typer.echo(f"{file}: valid")
