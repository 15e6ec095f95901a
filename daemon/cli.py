"""The command line: ``retaind COMMAND``."""

import sys

from daemon.process.hold import hold

if sys.argv[1:2] == ["run"]:
    hold()  # before the imports below, which take time

from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from daemon.config.errors import ConfigError
from daemon.process.exit_codes import ExitCode

# A new command is one file in daemon/commands, with a function (or a Typer app) of its name, and one line here.
COMMANDS = {
    "demo": "Learn a simulated plant twice, naively and with retention, and show the difference.",
    "run": "Learn from the configured stream until told to stop.",
    "init": "Write a commented configuration file to start from.",
    "validate": "Check a configuration file: every error in one pass, then advice.",
    "migrate": "Bring a configuration file of an older version to the newest.",
    "config": "Show the configuration as the daemon understands it: defaults, variables, strategies.",
    "doctor": "Check a set-up for problems, and say how to fix each.",
    "checkpoint": "List, inspect and verify checkpoints, or go back to an older one.",
    "forget": "Erase all that is remembered of some keys, and say what was erased where.",
    "rebuild": "Relearn the model without some keys, beside the daemon, and let it take over when it is level.",
    "audit": "Show and verify the log of what was erased, skipped and put back.",
    "positions": "Choose what the consumer group has: the checkpoint's positions, or none.",
    "skip": "Pass a part of the stream that cannot be learned from, on your word; a dry run shows it first.",
    "dead-letters": "List and show records that could not be learned, and put them back after a fix.",
    "export": "Write the learned model as ONNX or safetensors, checked against the model itself.",
    "predict": "Apply an exported model to a file of events, without a daemon.",
    "tap": "Watch events pass in a running daemon: features, prediction, label, what was rehearsed beside them.",
    "top": "Watch a running daemon in a terminal: rate, lag, scores, what is forgotten, notes.",
    "report": "Write a report of a run as one HTML page, for people who were not there.",
    "bench": "Say where the benchmarks are: in a checkout, `python -m benchmarks`.",
    "schema": "Print the JSON Schema of the configuration file, for editors.",
}


HELP = """A daemon that learns from a stream for months and does not forget.

Start with `retaind init`, edit the file, check it with `retaind validate`.
"""


class LazyCommands(TyperGroup):
    """Imports a command when it is run, so that ``--help`` needs neither torch nor a Kafka client."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Return the real command in place of its line in the table."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, _load(name) if name in COMMANDS else command, rest

    def invoke(self, ctx: Any) -> Any:
        """Run the command; a configuration that cannot be used is shown plainly and exits 78."""
        try:
            return super().invoke(ctx)
        except ConfigError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(ExitCode.CONFIG) from error


def _load(name: str) -> Any:
    function = name.replace("-", "_")
    command = getattr(import_module(f"daemon.commands.{function}"), function)
    if isinstance(command, typer.Typer):
        return typer.main.get_command(command)
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    alone.command(name)(command)
    return typer.main.get_command(alone)


def _version(wanted: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if wanted:
        try:
            typer.echo(f"retaind {version('retaind')}")
        except PackageNotFoundError:
            typer.echo("retaind (not installed)")
        raise typer.Exit


app = typer.Typer(cls=LazyCommands, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback(help=HELP)
def retaind(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and exit.")
    ] = False,
) -> None:
    """Hold the options that stand before the command."""


for _name, _summary in COMMANDS.items():
    app.command(_name, help=_summary)(lambda: None)


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["run"]:
        hold()
    app(prog_name="retaind")


if __name__ == "__main__":
    main()
