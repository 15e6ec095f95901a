"""``python -m tests.faults``: draw faults by a seed, and compare what came of each event with the topic."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.end_to_end.launcher import Launcher
from tests.faults.attempt import FAULTS_OF_A_COURSE, Attempt
from tests.faults.machine import build
from tests.faults.proxied_broker import ProxiedBroker


def main() -> None:
    """Run the courses, print what was drawn and what came of it, and exit with 1 where a promise did not hold."""
    options = _options()
    started = time.monotonic()
    _say(f"seed {options.seed}, {options.courses} courses of {FAULTS_OF_A_COURSE} faults")
    attempts: list[Attempt] = []
    with TemporaryDirectory() as folder:
        library = build(Path(folder))
        with ProxiedBroker() as broker, Launcher({"LD_PRELOAD": str(library)}) as launcher:
            for number in range(options.courses):
                attempts.append(Attempt(options.seed + number, options.client))
                attempts[-1].run(broker, launcher, Path(folder))
                _say(str(attempts[-1]))
    _say(table(attempts))
    _say(
        f"{time.monotonic() - started:.0f} s; failed: {[each.seed for each in attempts if not each.good] or 'none'}"
    )
    sys.exit(0 if all(each.good for each in attempts) else 1)


def table(attempts: list[Attempt]) -> str:
    """Return what was drawn, and what came of it, as the table in docs/guarantees.md."""
    drawn = Counter(name for each in attempts for name in each.drawn)
    rows = [("fault", "drawn"), ("---", "---"), *sorted(drawn.items()), ("together", sum(drawn.values()))]
    outcomes = [each.outcome for each in attempts if each.outcome is not None]
    bits = [each.differing for each in outcomes if each.differing is not None]
    ends = sum((each.ends for each in outcomes), Counter[int]())
    came = [
        ("what came of it", ""),
        ("---", "---"),
        ("events", f"{sum(each.events for each in outcomes):,}"),
        ("lost", sum(each.verdict.total("lost") for each in outcomes)),
        ("twice", sum(each.verdict.total("twice") for each in outcomes)),
        ("in the wrong place", sum(each.verdict.total("other") for each in outcomes)),
        ("courses whose bits are promised, and are those of a calm run", f"{bits.count([])} of {len(bits)}"),
        *((f"ended by itself with {code}, and started again", count) for code, count in sorted(ends.items())),
        ("courses that came to no end", len(attempts) - len(outcomes)),
    ]
    return "\n".join(f"| {name} | {count} |" for name, count in [*rows, *came])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="of the first course; the time by default"
    )
    parser.add_argument("--courses", type=int, default=26, help="how many; 26 by default, an hour at most")
    parser.add_argument("--client", choices=["kafka-python", "librdkafka"], default="kafka-python")
    return parser.parse_args()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
