"""``retaind bench``, which is gone: what it did is ``python -m benchmarks`` in a checkout."""

import shlex

import typer

from daemon.process.exit_codes import ExitCode

bench = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@bench.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def moved(context: typer.Context) -> None:
    """Say where the benchmarks are, and exit 64: they are no part of what is installed.

    In a checkout of retaind's repository, `python -m benchmarks` takes what `retaind bench` took, and names all
    there is with --list.
    """
    command = shlex.join(["python", "-m", "benchmarks", *(context.args or ["--list"])])
    typer.echo(
        f"Benchmarks are no part of what is installed: in a checkout of retaind's repository, run `{command}`.",
        err=True,
    )
    raise typer.Exit(ExitCode.USAGE)
