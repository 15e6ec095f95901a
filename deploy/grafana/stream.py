"""Whether events come, whether the daemon keeps up, and whether it can use them."""

from __future__ import annotations

from deploy.grafana.dashboard import ANOMALY, DRIFT, START, Dashboard
from deploy.grafana.panel import Panel, Query, stat

LAG = "sum(retaind_partition_lag{TARGET})"
RECEIVED = "rate(retaind_events_received_total{TARGET}[$__rate_interval])"

NOW = (
    stat(
        "Events received",
        description="Records that the source delivers in a second.",
        unit="eps",
        expr=RECEIVED,
    ),
    stat(
        "Lag",
        description="Events in the log that are not read yet, over all partitions. Files have no known end: empty.",
        unit="short",
        expr=LAG,
    ),
    stat(
        "Time to catch up",
        description="Lag at the rate of the last minutes, were nothing to come meanwhile. Above 15 minutes and "
        "growing an alert goes off.",
        unit="s",
        expr=f"{LAG} / sum({RECEIVED} > 0)",
        colours=((None, "green"), (300, "orange"), (900, "red")),
    ),
    stat(
        "Event time behind",
        description="How old the newest event is by its own clock. Large where old events are replayed; empty "
        "where events have no time (decoder.time).",
        unit="s",
        expr="time() - retaind_newest_event_timestamp_seconds{TARGET}",
    ),
    stat(
        "Rejected",
        description="Share of the records that cannot be learned from. Above 5 % an alert goes off; above "
        "rejections.max_share the daemon stops.",
        unit="percentunit",
        expr=f"sum(rate(retaind_events_rejected_total{{TARGET}}[$__rate_interval])) / sum({RECEIVED} > 0)",
        colours=((None, "green"), (0.01, "orange"), (0.05, "red")),
    ),
    stat(
        "Partitions",
        description="Partitions that this process reads now.",
        unit="none",
        expr="retaind_partitions_assigned{TARGET}",
    ),
)

RATES = (
    Panel(
        title="What becomes of the events",
        description="Received, predicted on arrival, learned, held out for the probe sets. Predicted without "
        "learned: labels are missing, or steps are rejected or used up.",
        unit="eps",
        queries=tuple(
            Query(f"rate(retaind_events_{what}_total{{TARGET}}[$__rate_interval])", legend)
            for what, legend in (
                ("received", "received"),
                ("predicted", "predicted"),
                ("learned", "learned"),
                ("held_out", "held out"),
            )
        ),
        low=0,
    ),
    Panel(
        title="Lag by partition",
        description="End of the log less position. One that grows alone is stalled; all that grow: too slow.",
        unit="short",
        queries=(Query("retaind_partition_lag{TARGET}", "{{topic}}[{{partition}}]"),),
        low=0,
    ),
)

TIMES = (
    Panel(
        title="Event time behind",
        description="The clock less the time of the newest event. It falls while catching up, and rises one "
        "second a second while nothing comes.",
        unit="s",
        queries=(Query("time() - retaind_newest_event_timestamp_seconds{TARGET}", "behind"),),
    ),
    Panel(
        title="Since each partition moved",
        description="Seconds since the position last advanced. With lag at the same time it is stalled; "
        "without, there was nothing to read.",
        unit="s",
        queries=(
            Query("time() - retaind_partition_last_progress_timestamp_seconds{TARGET}", "{{topic}}[{{partition}}]"),
        ),
        low=0,
    ),
)

BAD = (
    Panel(
        title="Rejected by reason",
        description="Records that could not be learned from, by the stage that found it and the reason.",
        unit="recps",
        queries=(
            Query(
                "sum by (stage, reason) (rate(retaind_events_rejected_total{TARGET}[$__rate_interval])) > 0",
                "{{stage}}: {{reason}}",
            ),
        ),
        low=0,
        stacked=True,
    ),
    Panel(
        title="Rejected and kept",
        description="Rejected records since the start, and those of them that the dead letters have acknowledged. "
        "Without dead_letters none is kept.",
        unit="short",
        queries=(
            Query("sum(retaind_events_rejected_total{TARGET})", "rejected"),
            Query("retaind_dead_letters_total{TARGET}", "kept as dead letters"),
        ),
        low=0,
    ),
)

SCORE = (
    Panel(
        title="Score on the newest events",
        description="Of the predictions made on arrival, over the last retention.window events, and how far that "
        "is ahead of repeating the last label of the same key.",
        unit="percentunit",
        queries=(
            Query('retaind_prequential_window_score{learner="", TARGET}', "model"),
            Query('retaind_prequential_window_lead{learner="no_change", TARGET}', "ahead of the last label"),
        ),
        high=1,
    ),
    Panel(
        title="Rejected so far",
        description="All rejections since the process started.",
        unit="short",
        queries=(
            Query(
                "sum by (stage, reason) (retaind_events_rejected_total{TARGET}) > 0",
                "{{stage}}: {{reason}}",
                instant=True,
            ),
        ),
        kind="bargauge",
        low=0,
    ),
)

LABELS = (
    Panel(
        title="What waits for labels",
        description="Events that were predicted and are not learned before their label comes, and labels that wait "
        "for their event; nothing where labels are in the events.",
        unit="short",
        queries=(
            Query("retaind_waiting_rows{TARGET}", "events"),
            Query("retaind_early_labels{TARGET}", "labels"),
        ),
        low=0,
    ),
    Panel(
        title="What becomes of labels",
        description="Labels, and events that waited for one, by what has come of them: learned, expired and so on.",
        unit="recps",
        queries=(
            Query("sum by (outcome) (rate(retaind_labels_total{TARGET}[$__rate_interval])) > 0", "{{outcome}}"),
        ),
        low=0,
    ),
)

ODD = (
    Panel(
        title="Anomalies",
        description="Odd events, and anomalies that began with one after a quiet while; nothing without the "
        "section anomalies. A new anomaly is an alert.",
        unit="short",
        queries=(
            Query("increase(retaind_anomaly_odd_events_total{TARGET}[$__rate_interval])", "odd events"),
            Query("increase(retaind_anomalies_total{TARGET}[$__rate_interval])", "anomalies"),
        ),
        low=0,
    ),
    Panel(
        title="Share of odd events",
        description="Of all events that were scored, in all runs. On a stream on which nothing happens it is at "
        "most 1 in anomalies.one_in.",
        unit="percentunit",
        queries=(
            Query(
                "retaind_anomaly_odd_events_total{TARGET} / (retaind_anomaly_scored_events_total{TARGET} > 0)",
                "odd",
            ),
        ),
        low=0,
    ),
)

STREAM = Dashboard(
    name="Stream",
    description="Do events come, does the daemon keep up, and can it use them?",
    rows=(NOW, RATES, TIMES, BAD, LABELS, ODD, SCORE),
    annotations=(DRIFT, ANOMALY, START),
)
