"""Counts the ways of a record, an option, a checkpoint and a metric through the code, in files and rooms.

``python -m tests.architecture.trace`` runs a small daemon in this process, follows its calls, and prints a table;
``--list`` adds the rooms of each way in the order in which they are entered first. ``--checkout DIR`` does the same
with the packages of another checkout, for a comparison.

- A record is all that one turn does with one record: from the poll until the step that learns it is made, and until
  the turn is over, which tells the metrics.
- A checkpoint is written by the loop's thread, as at the end of a run; it is restored once the source stands where
  it says.
- A metric and an option are followed by their value: a call is on the way where it is given the value, or what
  holds it, or gives it back.

Rooms are folders; the loose modules at a package's top are one. Outer rooms are what stands directly in ``daemon/``
(a loose module is a room by itself), ``connectors`` and ``strategies``. A move is a call or a return that changes
rooms.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from tests.architecture.plan import Plan
from tests.architecture.rooms import folder, outer
from tests.architecture.ways import all_ways

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.architecture.way import Way

HERE = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print how long the ways of a checkout are."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.architecture.trace",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--checkout", type=Path, default=HERE, metavar="DIR", help="whose packages are run")
    parser.add_argument("--list", action="store_true", help="list the rooms of each way and their files")
    options = parser.parse_args(arguments)
    checkout = options.checkout.resolve()
    _import_from(checkout)
    ways = all_ways(checkout)
    lines = [*_table(ways), "", *_plan(Plan.of(checkout / "daemon"))]
    for way in ways if options.list else ():
        lines += ["", *_rooms(way)]
    sys.stdout.write("\n".join(lines) + "\n")


def _import_from(checkout: Path) -> None:
    """Let a checkout's packages be those that are imported; end the program where they cannot be."""
    if checkout != HERE:
        sys.path.insert(0, str(checkout))
    found = Path(str(import_module("daemon").__file__)).parents[1]
    if found != checkout:
        sys.exit(f"{checkout}: daemon is imported from {found} instead")


def _table(ways: Sequence[Way]) -> Iterator[str]:
    yield _row("way", "files", "rooms", "moves", "outer rooms", "outer moves")
    for way in ways:
        counts = [count for by in (folder, outer) for count in (len(way.rooms(by=by)), way.moves(by=by))]
        yield _row(way.name, way.files, *counts)


def _plan(plan: Plan) -> Iterator[str]:
    crossings = plan.crossings(by=folder), plan.crossings(by=outer)
    longest = max(plan.lines, key=lambda place: plan.lines[place])
    yield _row("daemon/", "", "rooms", "", "outer rooms")
    yield _row("how many", "", len(plan.rooms(by=folder)), "", len(plan.rooms(by=outer)))
    yield _row("edges: pairs with an import between them", "", len(set(crossings[0])), "", len(set(crossings[1])))
    yield _row("imports that leave their room", "", len(crossings[0]), "", len(crossings[1]))
    yield f"loose modules at the top: {len(plan.loose)}"
    yield f"lines of a file: median {median(plan.lines.values()):g}, most {plan.lines[longest]} ({longest})"


def _rooms(way: Way) -> Iterator[str]:
    yield way.name
    for room, places in way.rooms(by=folder).items():
        yield f"  {room}: {', '.join(Path(place).stem for place in places)}"


def _row(name: str, *cells: object) -> str:
    return f"{name:42}" + "".join(f"{cell:>13}" for cell in cells)


if __name__ == "__main__":
    main()
