"""``retaind export``."""

from pathlib import Path
from typing import Annotated

import typer

from daemon.process.exit_codes import ExitCode


def export(
    config: Annotated[Path, typer.Option("--config", "-c", help="The file that the daemon runs with.")],
    to: Annotated[Path, typer.Option("--to", help="A new file to write, .onnx or .safetensors.")],
    *,
    generation: Annotated[
        int | None, typer.Option(help="The number that `retaind checkpoint list` shows; the newest by default.")
    ] = None,
    task: Annotated[
        str | None,
        typer.Option(help="Task whose head is exported, of a model with several; the newest by default."),
    ] = None,
    target: Annotated[
        str | None, typer.Option(help="Which of several targets the model is of, by its name, such as pm25+1h.")
    ] = None,
    network: Annotated[
        bool, typer.Option("--network", help="Of a committee, export the main learner's network alone, to ONNX.")
    ] = False,
) -> None:
    """Write the learned model as a file for other programs.

    ONNX has everything in it from features in their own units to probabilities, or to a number, and how events
    become features, and the whole committee where one answers; it is compared with the daemon on the held-out rows
    before it is written. safetensors has the weights and scales, which another run starts from. The daemon may go
    on meanwhile.
    """
    from daemon.export.command import written  # noqa: PLC0415 - it imports torch, and --help need not wait
    from daemon.export.description import NotExportedError  # noqa: PLC0415 - for the same reason
    from daemon.state.state_error import StateError  # noqa: PLC0415 - for the same reason

    if to.suffix not in (".onnx", ".safetensors"):
        raise typer.BadParameter("give a name that ends with .onnx or .safetensors", param_hint="--to")
    try:
        typer.echo(written(config, to, generation=generation, task=task, target=target, network=network))
    except NotExportedError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.USAGE) from error
    except StateError as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
