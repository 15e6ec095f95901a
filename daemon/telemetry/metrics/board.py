"""The figures of one moment: replaced whole when the loop tells something, read whole by a scrape."""

from __future__ import annotations

import math
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeGuard

from daemon.telemetry.metrics.bounded_labels import BoundedLabels
from daemon.telemetry.metrics.family import Distribution, Family, add_sample

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from prometheus_client.metrics_core import Metric

    Series = Mapping[tuple[str, ...], float | Distribution]
    """The series of one family by their label values. Never changed once a scrape can see it."""


OVERFLOW = Family(
    "retaind_label_overflow_total",
    "counter",
    "Times that a figure was reported under __other__ because its label had reached its limit of values.",
    ("label",),
)


class Board:
    """A collector for prometheus_client. ``tell`` may be called from any thread, ``collect`` from any other.

    Everything written within one ``tell`` becomes visible at once, and a scrape never waits for the loop: it takes
    the current mapping, which is never changed afterwards.
    """

    def __init__(self, families: Iterable[Family]) -> None:
        self._families = {family.name: family for family in (OVERFLOW, *families)}
        self._figures: Mapping[str, Series] = {name: {} for name in self._families}
        self._lock = threading.Lock()

    def labels(self, *names: str, limit: int) -> BoundedLabels:
        """Return bounded label values whose overflow is counted here, from 0."""
        with self.tell() as now:
            now.add(OVERFLOW, 0, ",".join(names))
        return BoundedLabels(*names, limit=limit)

    @contextmanager
    def tell(self) -> Iterator[Draft]:
        """Write figures through a draft; they are published when the block ends, or not at all where it raises."""
        with self._lock:
            figures = dict(self._figures)
            yield Draft(figures)
            self._figures = figures

    def describe(self) -> Iterator[Metric]:
        """Yield every family without figures, so that the registry knows the names."""
        return (family.exposition() for family in self._families.values())

    def collect(self) -> Iterator[Metric]:
        """Yield the families that have figures, all of one moment."""
        for name, series in self._figures.items():
            if series:
                yield _filled(self._families[name], series)


class Draft:
    """The next moment while it is being written. A family's series are copied before they change."""

    __slots__ = ("_figures",)

    def __init__(self, figures: dict[str, Series]) -> None:
        self._figures = figures

    def set(self, family: Family, value: float | None, *labels: str) -> None:
        """Show ``value``; None and what is not finite are absent, never zero."""
        assert len(labels) == len(family.labels), family.name
        series = dict(self._figures[family.name])
        if _defined(value):
            series[labels] = float(value)
        else:
            series.pop(labels, None)
        self._figures[family.name] = series

    def add(self, family: Family, amount: float, *labels: str) -> None:
        """Raise a counter, from 0 where it has no value yet."""
        assert len(labels) == len(family.labels), family.name
        self._raise(family, {labels: amount})

    def add_each(self, family: Family, amounts: Mapping[str, float]) -> None:
        """Raise several series of a counter that has one label."""
        assert len(family.labels) == 1, family.name
        self._raise(family, {(label,): amount for label, amount in amounts.items()})

    def _raise(self, family: Family, amounts: Mapping[tuple[str, ...], float]) -> None:
        series = dict(self._figures[family.name])
        for labels, amount in amounts.items():
            before = series.get(labels, 0.0)
            assert isinstance(before, float)
            assert amount >= 0, family.name
            series[labels] = before + amount
        self._figures[family.name] = series

    def replace(self, family: Family, series: Mapping[tuple[str, ...], float | None]) -> None:
        """Show exactly these series of ``family``; those that it had before are gone."""
        self._figures[family.name] = {key: float(value) for key, value in series.items() if _defined(value)}

    def replace_under(self, family: Family, first: str, series: Mapping[tuple[str, ...], float | None]) -> None:
        """Show exactly these series where the first label is ``first``; ``series`` is by the other labels."""
        others = {key: value for key, value in self._figures[family.name].items() if key[0] != first}
        mine = {(first, *key): float(value) for key, value in series.items() if _defined(value)}
        self._figures[family.name] = others | mine

    def start(self, family: Family, distribution: Distribution) -> None:
        """Show a histogram without labels."""
        self._figures[family.name] = {(): distribution}

    def observe(self, family: Family, value: float) -> None:
        """Add one observation to a histogram that has been started."""
        before = self._figures[family.name][()]
        assert isinstance(before, Distribution)
        self._figures[family.name] = {(): before.observe(value)}

    def place(self, labels: BoundedLabels, *values: str) -> tuple[str, ...]:
        """Return the label values to show for ``values``, counting what falls into ``__other__``."""
        place = labels.place(*values)
        if place == labels.other and values != labels.other:
            self.add(OVERFLOW, 1, ",".join(labels.names))
        return place

    def summed(self, labels: BoundedLabels, counts: Mapping[str, float]) -> dict[tuple[str, ...], float | None]:
        """Return counts by label value; those that share ``__other__`` are added up."""
        series: dict[tuple[str, ...], float | None] = {}
        for name, count in counts.items():
            place = self.place(labels, name)
            series[place] = (series.get(place) or 0) + count
        return series

    def chosen(
        self, labels: BoundedLabels, scores: Mapping[str, float | None]
    ) -> dict[tuple[str, ...], float | None]:
        """Return scores by label value without those that share ``__other__``: scores do not add up."""
        places = {name: self.place(labels, name) for name in scores}
        return {
            place: scores[name]
            for name, place in places.items()
            if (name,) == labels.other or place != labels.other
        }


def _defined(value: float | None) -> TypeGuard[float]:
    return value is not None and math.isfinite(value)


def _filled(family: Family, series: Series) -> Metric:
    metric = family.exposition()
    for labels, value in series.items():
        add_sample(metric, labels, value)
    return metric
