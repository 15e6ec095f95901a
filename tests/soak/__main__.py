"""``make soak``: one daemon at full rate among disturbances, and a table of what grew."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console
from rich.table import Table

from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.launcher import Command
from tests.soak.disturbances import Disturbances
from tests.soak.sample import Course, Sample, courses
from tests.soak.stream import EVENTS, write_events

CONFIG = """
name: soak
source: {{type: file, path: "{folder}/events.jsonl", topic: soak, loop: true}}
decoder: {{type: json, label: fault, task: regime, features: [a, b]}}
tasks: {{type: field}}
label: {{max_classes: 4}}
rejections: {{max_share: 1}}
retention: {{max_boundaries: 16, probe_rows: 100, age_rows: 50, ages: events}}
checkpoint: {{directory: "{folder}/state", every_seconds: 5, keep: 3}}
predictions: {{type: file, path: "{folder}/predictions.jsonl", max_bytes: 64MiB, keep: 2}}
dead_letters: {{type: file, path: "{folder}/dead.jsonl", max_bytes: 16MiB, keep: 2}}
http: {{port: 0}}
serving: {{}}
log: {{format: json}}
"""
"""What is bounded is bounded low, so that it is full when the warm-up ends."""
EVERY_SECONDS = 2.0
LEAST_SAMPLES = 10
WARM_EVENTS = 10 * EVENTS
"""A warm-up ends no earlier than these: on a slow machine, too, all that is bounded is full then."""


def soak(folder: Path, *, minutes: float, warm_up: float) -> list[Sample]:
    """Let a daemon learn for that long, and return what it took after the warm-up."""
    write_events(folder / "events.jsonl")
    config = folder / "retaind.yaml"
    config.write_text(CONFIG.format(folder=folder))
    with DaemonProcess(Command(), config, log=folder / "log", deadline_seconds=120) as daemon:
        address = daemon.until_said("started")["http"]
        daemon.until_said("ready")
        with Disturbances(daemon, address, config):
            found = _watched(daemon, folder, minutes=minutes, warm_up=warm_up)
        assert daemon.stop() == 0, daemon.log[-4000:]
    return found


def _watched(daemon: DaemonProcess, folder: Path, *, minutes: float, warm_up: float) -> list[Sample]:
    started, found = time.monotonic(), list[Sample]()
    while (passed := time.monotonic() - started) < 60 * minutes:
        time.sleep(EVERY_SECONDS)
        assert daemon.code() is None, daemon.log[-4000:]
        events = daemon.metric("events_received_total")
        if passed >= 60 * warm_up and events >= WARM_EVENTS:
            metrics = daemon.get("/metrics")[1]
            found.append(Sample.of(daemon.pid, state=folder / "state", metrics=metrics, events=events))
    return found


def show(found: list[Course], samples: list[Sample]) -> None:
    """Print the table, and how many events it was over."""
    table = Table(box=None)
    for heading in ("figure", "first", "last", "a minute", "at most", ""):
        table.add_column(heading, justify="left" if heading in ("figure", "") else "right")
    for each in found:
        numbers = (f"{number:.3f}" for number in (each.first, each.last, each.a_minute, each.most_a_minute))
        table.add_row(each.name, *numbers, "flat" if each.flat else "GROWS")
    seconds = samples[-1].seconds - samples[0].seconds
    console = Console(width=100)
    console.print(table)
    events = samples[-1].events - samples[0].events
    rate = f"{events / seconds:,.0f} a second"
    console.print(f"{events:,.0f} events in {seconds / 60:.1f} minutes, {rate}; the warm-up is left out")


def main() -> None:
    """Soak, show, and fail where something grows."""
    parser = argparse.ArgumentParser(prog="make soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60.0, help="how long (60)")
    parser.add_argument("--warm-up", type=float, help="minutes that are not judged (a third, at most 10)")
    arguments = parser.parse_args()
    warm_up = min(10.0, arguments.minutes / 3) if arguments.warm_up is None else arguments.warm_up
    with TemporaryDirectory(prefix="retaind-soak-") as folder:
        samples = soak(Path(folder), minutes=arguments.minutes, warm_up=warm_up)
    if len(samples) < LEAST_SAMPLES:
        sys.exit(
            f"the warm-up of {WARM_EVENTS:,} events and {warm_up:g} minutes took nearly all the time; give it more"
        )
    found = courses(samples)
    show(found, samples)
    sys.exit(0 if all(each.flat for each in found) else 1)


if __name__ == "__main__":
    main()
