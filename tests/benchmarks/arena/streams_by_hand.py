"""Tiny streams for the arena, and what a bout on one of them comes to."""

from __future__ import annotations

import numpy as np

from benchmarks.arena.table import Table, Task
from benchmarks.literature.protocol import HeldOut

NAMES = ("a", "b", "c")
CLASSES = ("calm", "lively")


def classes_by_sign(rows: int, *, seed: int = 0) -> Table:
    """Return a stream whose class anyone can learn."""
    x = np.random.default_rng(seed).normal(size=(rows, 3))
    return Table(names=NAMES, x=x, y=(x[:, 0] > 0).astype(np.int64), classes=CLASSES)


def random_classes(rows: int, *, seed: int = 0) -> Table:
    """Return a stream whose class nobody can know before it is told."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, 3))
    return Table(names=NAMES, x=x, y=generator.integers(2, size=rows), classes=CLASSES)


def numbers(rows: int, *, seed: int = 0) -> Table:
    """Return a stream whose number is nearly linear in the columns."""
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(rows, 3))
    return Table(names=NAMES, x=x, y=100 + 10 * x[:, 0] - 5 * x[:, 1] + generator.normal(size=rows))


def random_numbers(rows: int, *, seed: int = 0) -> Table:
    """Return a stream whose number has nothing to do with anything."""
    generator = np.random.default_rng(seed)
    return Table(names=NAMES, x=generator.normal(size=(rows, 3)), y=generator.normal(size=rows))


def two_tasks(rows: int) -> Table:
    """Return two tasks, the second with the opposite rule."""
    x = np.random.default_rng(0).normal(size=(rows, 3))
    y = (x[:, 0] > 0).astype(np.int64)
    y[rows // 2 :] = 1 - y[rows // 2 :]
    test = np.random.default_rng(1).normal(size=(50, 3)).astype(np.float32)
    rule = (test[:, 0] > 0).astype(np.int64)
    tasks = (Task("one", rows // 2, HeldOut(test, rule)), Task("two", rows, HeldOut(test, 1 - rule)))
    return Table(names=NAMES, x=x, y=y, classes=CLASSES, tasks=tasks)
