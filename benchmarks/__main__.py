"""The command line of the benchmarks, in a checkout: ``python -m benchmarks NAME``."""

from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.ahead import ahead
from benchmarks.arena.command import arena
from benchmarks.budget.command import budget
from benchmarks.commands.listing import list_programs, list_protocols
from benchmarks.commands.measure import measure
from benchmarks.commands.report import report
from benchmarks.estimated import estimated
from benchmarks.exported import exported
from benchmarks.following import following
from benchmarks.literature import PROTOCOLS
from benchmarks.nab.command import nab
from benchmarks.plasticity.command import plasticity
from benchmarks.scale import scale
from benchmarks.together import together
from benchmarks.year.command import year

# A protocol is one file and one line in PROTOCOLS; another measurement is one file and one line here.
COMMANDS: dict[str, tuple[Callable[..., None], str]] = {
    **{name: (measure, protocol.summary) for name, protocol in PROTOCOLS.items()},
    "ahead": (ahead, "Numbers told ahead of their time, and how often their intervals hold, on five streams."),
    "arena": (arena, "The untouched default against what streams are usually learned with, on nine streams."),
    "nab": (nab, "Anomalies in the series of the Numenta Anomaly Benchmark, beside simple and published ways."),
    "estimated": (
        estimated,
        "How good answers are estimated to be before their labels come, and how good they were.",
    ),
    "budget": (budget, "Whether a retention budget holds, what it costs, and how it lets go, on three streams."),
    "exported": (exported, "How long an export is as right as the daemon that goes on learning, on two streams."),
    "following": (
        following,
        "Whether rehearsing what resembles the newest rows wins back what late labels cost.",
    ),
    "plasticity": (plasticity, "Whether the model still learns after 800 tasks, and still remembers the latest."),
    "scale": (scale, "What it costs when a sensor fails, is replaced, drifts or changes its unit in mid-stream."),
    "year": (year, "A simulated plant's year in an hour: what is kept of it, and what incidents cost."),
    "together": (together, "Two targets of a stream in one daemon, against a daemon for each."),
    "report": (report, "Write results as one HTML page, for people who were not there."),
}
"""Name → the command, and a line about it."""
PROGRAMS = {
    "benchmarks.mnist_fashion": "Digits, then clothing, through a real broker, with and without retention.",
    "benchmarks.kill_and_resume": "Kills a learning daemon again and again, and looks for a bit that it has lost.",
    "benchmarks.throughput": "How fast the daemon learns from Kafka, as shares of what its parts could do alone.",
    "benchmarks.serving": "How fast a learning daemon answers whoever asks, and what that costs its learning.",
    "benchmarks.http_load": "What many clients over HTTP cost a daemon that learns.",
    "benchmarks.latency": "How long an event waits for its prediction: from Kafka, through the daemon, to Kafka.",
    "benchmarks.produce": "Produces a public data set into a Kafka topic.",
    "benchmarks.recompute": "Computes the prequential accuracy from published predictions alone.",
}
"""Module that is a program of its own → a line about it."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.callback(invoke_without_command=True, epilog="Programs of their own, most with a real Kafka: see --list.")
def benchmarks(
    context: typer.Context,
    *,
    listing: Annotated[bool, typer.Option("--list", help="List all there is, with the settings.")] = False,
) -> None:
    """Measure what retaind promises: methods against forgetting, losslessness, speed."""
    if listing or context.invoked_subcommand is None:
        console = Console(highlight=False, markup=False)
        list_protocols(console, PROTOCOLS)
        list_programs(console, PROGRAMS)
        raise typer.Exit


for _name, (_command, _summary) in COMMANDS.items():
    app.command(_name, short_help=_summary)(_command)


def main() -> None:
    """Run the command line."""
    app(prog_name="python -m benchmarks")


if __name__ == "__main__":
    main()
