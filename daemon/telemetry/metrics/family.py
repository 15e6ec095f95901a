"""The declaration of one metric: what ``/metrics`` and ``docs/metrics.md`` say about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)

Kind = Literal["counter", "gauge", "histogram", "info"]


@dataclass(frozen=True, slots=True)
class Family:
    """A metric's full name, type, meaning, label names and unit. A value: it holds no figures.

    ``unit`` is one of Prometheus' base units or what is counted (``events``, ``rows``); OpenMetrics only tells it
    where the name ends with it, as that format demands.
    """

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()
    unit: str = ""

    def exposition(self) -> CounterMetricFamily | GaugeMetricFamily | HistogramMetricFamily | InfoMetricFamily:
        """Return an empty family in prometheus_client's form.

        >>> Family("retaind_checkpoint_bytes", "gauge", "Size.", unit="bytes").exposition().unit
        'bytes'
        """
        base = self.name.removesuffix("_total").removesuffix("_info")
        unit = self.unit if self.unit and base.endswith(f"_{self.unit}") else ""
        match self.kind:
            case "counter":
                return CounterMetricFamily(base, self.meaning, labels=self.labels, unit=unit)
            case "gauge":
                return GaugeMetricFamily(base, self.meaning, labels=self.labels, unit=unit)
            case "histogram":
                return HistogramMetricFamily(base, self.meaning, labels=self.labels, unit=unit)
            case "info":
                return InfoMetricFamily(base, self.meaning, labels=self.labels)


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a histogram shows: how many observations lie at or under each bound, and their sum."""

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    """Per interval, not cumulative; one more than there are bounds."""
    total: float = 0.0

    @classmethod
    def empty(cls, bounds: tuple[float, ...]) -> Distribution:
        """Return a distribution without observations; ``bounds`` ascend.

        >>> Distribution.empty((0.1, 1.0)).observe(0.5).counts
        (0, 1, 0)
        """
        return cls(bounds, (0,) * (len(bounds) + 1))

    def observe(self, value: float) -> Distribution:
        """Return the distribution with one more observation."""
        place = sum(bound < value for bound in self.bounds)
        counts = (*self.counts[:place], self.counts[place] + 1, *self.counts[place + 1 :])
        return Distribution(self.bounds, counts, self.total + value)

    def buckets(self) -> list[tuple[str, float]]:
        """Return cumulative ``(le, count)`` pairs, ``+Inf`` last."""
        names = [*map(str, self.bounds), "+Inf"]
        return [(name, float(sum(self.counts[: i + 1]))) for i, name in enumerate(names)]


def add_sample(metric: Metric, labels: tuple[str, ...], value: float | Distribution) -> None:
    """Add one series to what ``Family.exposition`` returned."""
    match metric, value:
        case HistogramMetricFamily(), Distribution():
            metric.add_metric(labels, value.buckets(), value.total)
        case InfoMetricFamily(), _:
            metric.add_metric(labels, {})
        case ((CounterMetricFamily() | GaugeMetricFamily()), float()):
            metric.add_metric(labels, value)
        case _:
            raise AssertionError(f"{metric.name} cannot show {value!r}")
