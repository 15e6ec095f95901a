"""``python -m benchmarks year``."""

import gc
import shlex
import signal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from benchmarks.literature.run import StoppedError
from benchmarks.year.log import YearLogError
from benchmarks.year.runner import Run
from benchmarks.year.show import finished, show
from benchmarks.year.simulator import Simulator
from benchmarks.year.variants import DEFAULT, VARIANTS
from daemon.process.exit_codes import ExitCode
from daemon.process.signals import Signals
from daemon.process.threads import use_threads
from daemon.state.state_error import StateError

INTERRUPTED = 128 + signal.SIGINT
EVENTS, DAYS = 10_000_000, 365.0
OUT = Path("retaind-bench/year")


def year(
    *,
    events: Annotated[int, typer.Option(min=2_000, help="Events in all.")] = EVENTS,
    days: Annotated[float, typer.Option(min=1, help="Simulated days in which they come.")] = DAYS,
    variants: Annotated[
        str, typer.Option(help=f"Which, with commas between: {', '.join(VARIANTS)}; none: only show.")
    ] = DEFAULT,
    seed: Annotated[int, typer.Option(min=0, help="Of the plant and of the daemon.")] = 0,
    out: Annotated[Path, typer.Option(help="Folder that keeps all that is measured.")] = OUT,
) -> None:
    """Let the daemon learn a simulated plant for a year: products, seasons, failing sensors, units, faults.

    Every simulated week is written at once, with a checkpoint: Ctrl-C at any time, the same command goes on. What
    is finished is not run again; variants may run at the same time, each in a process of its own, into one folder.
    At the end there are tables in Markdown and a picture of all that is there.
    """
    notes = Console(stderr=True, highlight=False, markup=False)
    names = _known(variants)
    simulator = Simulator(events=events, days=days, seed=seed)
    use_threads(1)
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    out.mkdir(parents=True, exist_ok=True)
    try:
        stopped = _run(names, simulator, out=out, seed=seed, notes=notes)
        years = finished(out, simulator)
        command = _command(events=events, days=days, variants=[year.name for year in years], seed=seed)
        if years:
            show(
                years,
                simulator,
                folder=out,
                command=command,
                console=Console(highlight=False, markup=False),
                notes=notes,
            )
    except (YearLogError, StateError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(ExitCode.IO) from error
    if stopped:
        notes.print(f"Stopped: {out} has the weeks so far; the same command goes on", soft_wrap=True)
        raise typer.Exit(INTERRUPTED)


def _run(names: list[str], simulator: Simulator, *, out: Path, seed: int, notes: Console) -> bool:
    """Run the variants one after another; return whether somebody has stopped that."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Signals() as signals, Progress(*columns, console=notes) as display:
        for name in names:
            shown = display.add_task(name, total=simulator.events)

            def watch(done: int, _all: int, shown: object = shown) -> None:
                if signals.stop_requested:
                    raise StoppedError
                display.update(shown, completed=done)  # type: ignore[arg-type]

            try:
                Run(name, simulator, folder=out, seed=seed).run(watch)
            except StoppedError:
                return True
    return False


def _known(variants: str) -> list[str]:
    names = [name for part in variants.split(",") if (name := part.strip()) and name != "none"]
    for name in names:
        if name not in VARIANTS:
            near = get_close_matches(name, list(VARIANTS), n=1)
            meant = f"did you mean {near[0]}?" if near else f"there are {', '.join(VARIANTS)}."
            raise typer.BadParameter(f"{name} is no variant; {meant}")
    return names


def _command(*, events: int, days: float, variants: list[str], seed: int) -> str:
    parts = ["python", "-m", "benchmarks", "year"]
    if events != EVENTS:
        parts += ["--events", str(events)]
    if days != DAYS:
        parts += ["--days", f"{days:g}"]
    if variants and variants != [DEFAULT]:
        parts += ["--variants", ",".join(variants)]
    return shlex.join([*parts, "--seed", str(seed)] if seed else parts)
