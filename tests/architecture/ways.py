"""The ways of four values: a record, an option, a checkpoint and a metric."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.architecture.follower import Follower
from tests.architecture.marker import Marker
from tests.architecture.small_run import SmallRun, figure, scrape, serving
from tests.architecture.way import Landmark, Way

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.architecture.follower import Step

PACKAGES = ("daemon", "connectors", "strategies")
METRIC = "retaind_learner_loss"
BATCH = 8317
"""A value of ``learner.batch`` that nothing else has."""

POLLED = Landmark("connectors/", "poll")
LEARNED = Landmark("strategies/learner.py", "learn")
GATHERED = Landmark("daemon/", "state_dict")
SOUGHT = Landmark("daemon/state/", "load_newest")
OPENED = Landmark("connectors/", "open")
STATE = "daemon/state/"


def all_ways(checkout: Path) -> list[Way]:
    """Run the daemon of a checkout, which is the one that gets imported, and return the ways through it."""
    with TemporaryDirectory() as directory:
        return [*_ways_of_a_turn(checkout, Path(directory)), _way_of_an_option(checkout, Path(directory))]


def _ways_of_a_turn(checkout: Path, directory: Path) -> Iterator[Way]:
    """Restore, learn one record, answer a scrape, and write a checkpoint."""
    config = _experienced(directory / "again")
    follower = Follower(checkout, packages=PACKAGES)
    loss = Marker(_loss(directory / "once"))
    with follower.follow() as steps, serving(config) as service:
        start = len(steps)
        follower.marker = loss
        service.turn()
        turned = len(steps)
        scrape(service)
        follower.marker = None
        scraped = len(steps)
        service.run(stop=lambda: True)
        written = len(steps)
    yield from _ways_of_a_record([step for step in steps[start:turned] if step.main_thread])
    yield Way.of("checkpoint, written", _writing([step for step in steps[scraped:written] if step.main_thread]))
    yield Way.of("checkpoint, restored", _restoring([step for step in steps[:start] if step.main_thread]))
    yield Way.of(f"{METRIC} to /metrics", (step for step in steps[start:scraped] if step.marked))


def _ways_of_a_record(turn: Sequence[Step]) -> Iterator[Way]:
    polled = POLLED.first(turn)
    learned = LEARNED.first(turn, returns=True, after=polled)
    yield Way.of("record, to a weight", turn[polled:learned])
    yield Way.of("record, to the metrics", turn[polled:])


def _writing(steps: Sequence[Step]) -> Sequence[Step]:
    """From the first state that is gathered to the end of what the state's room does."""
    last = max(number for number, step in enumerate(steps) if step.callee.startswith(STATE))
    return steps[GATHERED.first(steps) : last + 1]


def _restoring(steps: Sequence[Step]) -> Sequence[Step]:
    """From the search for the newest generation until the source stands where it says."""
    sought = SOUGHT.first(steps)
    return steps[sought : OPENED.first(steps, returns=True, after=sought) + 1]


def _way_of_an_option(checkout: Path, directory: Path) -> Way:
    """Follow learner.batch from the file to the last constructor that is given it."""
    (directory / "option").mkdir()
    run = SmallRun(directory / "option")
    run.bring(20, task="A")
    follower = Follower(checkout, packages=PACKAGES, marker=Marker(BATCH))
    with follower.follow() as steps, serving(run.load(batch=BATCH)) as service:
        service.turn()
    marked = [step for step in steps if step.marked]
    last = max(number for number, step in enumerate(marked) if step.function == "__init__")
    return Way.of("learner.batch to its object", marked[: last + 1])


def _loss(directory: Path) -> float:
    with serving(_experienced(directory)) as service:
        service.turn()
        return figure(scrape(service), METRIC)


def _experienced(directory: Path) -> object:
    """Return the configuration of a daemon that has learned two tasks and finds one more record when it starts."""
    directory.mkdir()
    run = SmallRun(directory)
    run.bring(40, task="A")
    run.bring(20, task="B")
    with serving(run.load()) as service:
        service.run(stop=lambda: False)
    run.bring(1, task="B")
    return run.load()
