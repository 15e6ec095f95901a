"""Whether what is installed is new enough, and ours."""

from __future__ import annotations

import platform
import re
import sys
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from typing import TYPE_CHECKING

from daemon.doctor.finding import ok, problem

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.doctor.finding import Finding
    from daemon.doctor.setup import Setup

OLDEST_PYTHON = (3, 11)
OLDEST = {
    "torch": ((2, 6), "older ones lack operations that the learner is made of"),
    # dpkp/kafka-python PR 3132
    "kafka-python": ((3, 0, 12), "older ones can leave a partition stuck after a rebalance"),
}
OURS = ("retaind", "daemon", "connectors", "strategies")


def check_python(_: Setup) -> Iterator[Finding]:
    """Look at the interpreter."""
    found = f"{platform.python_version()} in {sys.prefix}"
    if sys.version_info < OLDEST_PYTHON:
        yield problem(found, f"use Python {'.'.join(map(str, OLDEST_PYTHON))} or later")
    else:
        yield ok(found)


def check_packages(_: Setup) -> Iterator[Finding]:
    """Look at the packages that it depends on, and at those that would take its names."""
    found = []
    for name, (oldest, why) in OLDEST.items():
        try:
            installed = version(name)
        except PackageNotFoundError:
            yield problem(f"{name} is not installed", f"run: pip install {name}")
            continue
        found.append(f"{name} {installed}")
        if numbers(installed) < oldest:
            yield problem(f"{name} {installed}: {why}", f"install {'.'.join(map(str, oldest))} or later")
    yield ok(", ".join(found))
    yield from _other_owners()


def numbers(text: str) -> tuple[int, ...]:
    """Return the leading numbers of a version.

    >>> numbers("2.13.0+cpu")
    (2, 13, 0)
    """
    return tuple(map(int, re.findall(r"\d+", re.split(r"[^0-9.]", text)[0])))


def _other_owners() -> Iterator[Finding]:
    owners = packages_distributions()
    for name in OURS:
        others = sorted(set(owners.get(name, ())) - {"retaind"})
        if others:
            yield problem(
                f"{', '.join(others)} installs a package {name} too, over retaind's own",
                "give retaind a virtual environment of its own",
            )
