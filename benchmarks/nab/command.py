"""``python -m benchmarks nab``: precision, recall and score on the series of the Numenta Anomaly Benchmark."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from benchmarks.nab.detectors import alarms_of, of_others, predicted, rolling_z, unchanged
from benchmarks.nab.score import Scored, nab_score, scored
from benchmarks.nab.series import Series, read_series
from daemon.process.threads import use_threads
from daemon.scoring.anomaly_options import AnomaliesSection

REPORTED = "realKnownCause"
"""The group that nothing was chosen on: what is wrong there is known, and not from looking at the values."""
DEFAULT = AnomaliesSection().one_in


def nab(
    *,
    data: Annotated[Path, typer.Option(help="Folder with nab/: a checkout of numenta/NAB, or some of it.")] = Path(
        "data"
    ),
    only: Annotated[list[str] | None, typer.Option(help="Only this series or group; may be given again.")] = None,
    one_in: Annotated[list[int] | None, typer.Option(help="anomalies.one_in; may be given again.")] = None,
) -> None:
    """Let the daemon predict the next value of each series, and compare its anomalies with those that are known."""
    console = Console(highlight=False, markup=False, width=200)
    use_threads(1)
    try:
        found = read_series(data / "nab")
    except (OSError, ValueError) as error:
        raise typer.BadParameter(str(error), param_hint="--data") from error
    wanted = [each for each in found if not only or {each.name, each.group} & set(only)]
    if not wanted:
        raise typer.BadParameter(f"none is of: {', '.join(sorted({s.name for s in found}))}", param_hint="--only")
    results = _results(wanted, folder=data / "nab", one_in=one_in or [DEFAULT])
    for title, names in _parts(wanted):
        _show(console, title, {who: [of[name] for name in names if name in of] for who, of in results.items()})


def _results(series: Iterable[Series], *, folder: Path, one_in: Sequence[int]) -> dict[str, dict[str, Scored]]:
    """Return the scores of everybody, by the name of the series."""
    results: dict[str, dict[str, Scored]] = {}
    for each in series:
        ours = {"retaind": predicted(each), "no change": unchanged(each)}
        told = [(f"{who}, one in {n}", alarms_of(odd, one_in=n)) for who, odd in ours.items() for n in one_in]
        told += [("rolling z-score", rolling_z(each)), *of_others(folder, each)]
        for who, alarms in told:
            results.setdefault(who, {})[each.name] = scored(alarms, each.windows)
    return results


def _parts(series: Sequence[Series]) -> Iterable[tuple[str, Sequence[str]]]:
    """Yield what is told together: what options were chosen on, the group that they were not, its series."""
    chosen = [each.name for each in series if each.group != REPORTED]
    reported = [each.name for each in series if each.group == REPORTED]
    if chosen:
        yield f"{len(chosen)} series that options were chosen on", chosen
    if reported:
        yield f"{len(reported)} series of {REPORTED}", reported
        yield from ((name, [name]) for name in reported)


def _show(console: Console, title: str, results: dict[str, list[Scored]]) -> None:
    heads = ("", "windows found", "alarms", "precision, %", "recall, %", "NAB score")
    console.print(f"\n{title}\n\n| {' | '.join(heads)} |\n| --- |{' ---: |' * (len(heads) - 1)}")
    for who, each in results.items():
        if each:
            console.print(f"| {who} | {' | '.join(_figures(each))} |")


def _figures(each: Sequence[Scored]) -> list[str]:
    windows, found = sum(one.windows for one in each), sum(one.found for one in each)
    alarms, wrong = sum(one.alarms for one in each), sum(one.false_alarms for one in each)
    return [
        f"{found} of {windows}",
        f"{alarms}",
        f"{100 * (alarms - wrong) / alarms:.0f}" if alarms else "-",
        f"{100 * found / windows:.0f}" if windows else "-",
        f"{nab_score(each):.1f}" if windows else "-",
    ]
