"""``retaind validate``."""

import json
from pathlib import Path
from typing import Annotated

import typer

from connectors.source import SourceDataError, SourceUnavailableError
from daemon.build.load import load
from daemon.build.output_paths import unready_outputs
from daemon.config.advice.advice import advise
from daemon.config.errors import dotted
from daemon.config.own_classes import own_classes
from daemon.config.schema import Config
from daemon.config.tables import Tables
from daemon.process.exit_codes import ExitCode
from daemon.web.tokens import control_token, serving_token
from daemon.web.web_config import web_config


def validate(
    file: Annotated[Path, typer.Argument(help="The YAML file to check.")],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on advice too.")] = False,
    import_own: Annotated[
        bool,
        typer.Option("--import", help="Import classes of your own, as a start does, and check their options too."),
    ] = False,
    sample: Annotated[
        bool,
        typer.Option(
            "--sample", help="Read some of the stream too, show its fields, and say what does not go with them."
        ),
    ] = False,
    timeout: Annotated[
        float, typer.Option(min=0.5, help="With --sample: how many seconds to wait for records.")
    ] = 10.0,
) -> None:
    """Check a configuration file: every error in one pass, then advice that is not an error.

    Variables are taken from this environment. Exits 0 where the file can be used, 78 where it cannot. With --sample
    it exits 65 where the stream cannot be read, 69 where nothing answers. Nothing is learned or changed. Of classes
    of your own the source text is looked at; nothing of them is executed without --import or --sample.
    """
    imports = import_own or sample
    config = load(file, tables=Tables.installed(imports_own=imports))
    web_config(config)
    control_token(config)
    serving_token(config)
    for path, name in () if imports else own_classes(config):
        unseen = f"{name} is not imported; `retaind validate --import {file}` looks into it, as every start does"
        typer.echo(str(config.error(path, unseen)), err=True)
    for path, why in unready_outputs(config):
        typer.echo(str(config.error(path, f"on this machine {why}")), err=True)
    advice = advise(config)
    for remark in advice:
        typer.echo(str(remark), err=True)
    fits = _fits_the_data(config, wait_seconds=timeout, strict=strict) if sample else True
    if not fits or (strict and advice):
        raise typer.Exit(ExitCode.CONFIG)
    for section, value in config.assumed.items():
        typer.echo(f"{file}: {section} is assumed for the pretrained model: {json.dumps(value)}")
    for place, number in config.dialled.items():
        typer.echo(f"{file}: retention.stability sets {dotted(place)}: {number:.4g}")
    typer.echo(f"{file}: valid")


def _fits_the_data(config: Config, *, wait_seconds: float, strict: bool) -> bool:
    """Print what is in the stream and what does not go with it; return whether the daemon can learn it."""
    from daemon.sample.look import look_at  # noqa: PLC0415 - only this needs it
    from daemon.sample.remarks import remarks  # noqa: PLC0415 - likewise
    from daemon.sample.showing import placed, show_look  # noqa: PLC0415 - likewise

    try:
        look = look_at(config, wait_seconds=wait_seconds)
    except (SourceDataError, SourceUnavailableError) as error:
        typer.echo(str(error), err=True)
        code = ExitCode.DATA if isinstance(error, SourceDataError) else ExitCode.UNAVAILABLE
        raise typer.Exit(code) from error
    show_look(look)
    found = remarks(look)
    for remark in found:
        typer.echo(placed(remark, config), err=True)
    return not any(remark.fatal or strict for remark in found)
