"""``python -m tests.fuzz``: draw records by a seed, give them to real daemons, and account for each."""

from __future__ import annotations

import argparse
import json
import random
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, NamedTuple

from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.launcher import Launcher
from tests.fuzz.accounts import Accounts
from tests.fuzz.batches import ANYTHING, batch, taken
from tests.fuzz.schemas import HELD
from tests.fuzz.setting import SETTINGS, configuration
from tests.kafka.broker import Broker
from tests.registry.gate import Gate, holding

if TYPE_CHECKING:
    from collections.abc import Iterator

PORTION = 20_000
"""Records that are written before the daemon is asked again."""
MOST_IN_A_BATCH = 400
DEADLINE_SECONDS = 300.0
WARM = 0.3
"""The share of a run after which memory is to be level."""
MIB = 1 << 20


class Run(NamedTuple):
    """What came of the records of one setting."""

    name: str
    accounts: Accounts
    code: int
    seconds: float
    warm_mib: float
    """Memory of the daemon after a share of the records, and at the end."""
    end_mib: float

    @property
    def good(self) -> bool:
        """Whether it lived, and every record is accounted for."""
        return self.code == 0 and self.accounts.balanced

    def row(self) -> str:
        """Return it as a row of a table."""
        of = self.accounts
        taken = f"{of.learned:,} | {of.held_out:,} | {of.waiting + of.held + of.unlabelled:,}"
        memory = f"{self.warm_mib:.0f} → {self.end_mib:.0f}"
        return f"| {self.name} | {of.written:,} | {taken} | {of.rejected:,} | {memory} | {self.seconds:.0f} |"


class Place(NamedTuple):
    """What a run needs around it."""

    broker: Broker
    launcher: Launcher
    registry: str
    directory: Path


HEAD = (
    "| setting | produced | learned | held out | waiting or without a label | rejected | MiB | seconds |\n"
    "|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Give each setting its share of the records; print what came of them, and exit with 1 where one is lost."""
    options = _options()
    print(f"seed {options.seed}\n\n{HEAD}", flush=True)  # noqa: T201 - a command's output
    runs = []
    with TemporaryDirectory() as folder, Broker() as broker, Launcher() as launcher, Gate(holding(HELD)) as gate:
        for number, name in enumerate(SETTINGS):
            draws = random.Random(options.seed + number)
            share = options.records // len(SETTINGS)
            place = Place(broker, launcher, gate.url, Path(folder) / str(number))
            runs.append(_run(name, place, draws=draws, records=share))
            print(runs[-1].row(), flush=True)  # noqa: T201
    together = sum(run.accounts.written for run in runs)
    lost = [f"{run.name}: exit code {run.code}, {run.accounts}" for run in runs if not run.good]
    print(f"\n{together:,} records; not accounted for: {lost or 'none'}")  # noqa: T201
    sys.exit(1 if lost else 0)


def _run(name: str, place: Place, *, draws: random.Random, records: int) -> Run:
    broker, launcher, registry, directory = place
    topic, setting, started = f"fuzz-{directory.name}", SETTINGS[name], time.monotonic()
    broker.create_topic(topic, config=ANYTHING)
    directory.mkdir()
    dead = {"type": "file", "path": str(directory / "dead.jsonl")}
    settings = configuration(
        setting,
        bootstrap=broker.bootstrap,
        topic=topic,
        directory=str(directory / "state"),
        dead=dead,
        registry=registry,
    )
    config = directory / "retaind.yaml"
    config.write_text(json.dumps(settings))  # JSON is YAML
    with DaemonProcess(launcher, config, log=directory / "log", deadline_seconds=DEADLINE_SECONDS) as daemon:
        written, warm = 0, 0.0
        for portion in _portions(draws, setting.form, records):
            written += taken(broker.bootstrap, topic, portion.batches, portion.sizes)
            daemon.until(lambda: daemon.metric("events_received_total") == written)  # noqa: B023 - asked at once
            if not warm and written >= WARM * records:
                warm = daemon.metric("process_resident_memory_bytes") / MIB
        daemon.until(lambda: Accounts.of(daemon.metric, daemon.status(), written=written).balanced)
        accounts = Accounts.of(daemon.metric, daemon.status(), written=written)
        end = daemon.metric("process_resident_memory_bytes") / MIB
        code = daemon.stop()
    return Run(name, accounts, code, time.monotonic() - started, warm, end)


class _Portion(NamedTuple):
    batches: list[bytes]
    sizes: list[int]
    """Records of each."""


def _portions(draws: random.Random, form: str, records: int) -> Iterator[_Portion]:
    while records > 0:
        sizes: list[int] = []
        while sum(sizes) < min(PORTION, records):
            sizes.append(min(1 + draws.randrange(MOST_IN_A_BATCH), records - sum(sizes)))
        records -= sum(sizes)
        yield _Portion([batch(draws, form, records=size) for size in sizes], sizes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 31))
    parser.add_argument("--records", type=int, default=1_000_000)
    return parser.parse_args()


if __name__ == "__main__":
    main()
