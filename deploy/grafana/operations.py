"""Whether the process is healthy and what it learned is durable, and what that costs."""

from __future__ import annotations

from deploy.grafana.dashboard import START, Dashboard
from deploy.grafana.panel import Panel, Query, stat

NO_AND_YES = ((0, "no"), (1, "yes"))
BAD_AND_GOOD = ((None, "red"), (1, "green"))
SAVED = "retaind_checkpoint_last_success_timestamp_seconds{TARGET}"

NOW = (
    stat(
        "Answers",
        description="Whether Prometheus can scrape the process.",
        unit="none",
        expr="up{TARGET}",
        colours=BAD_AND_GOOD,
        texts=NO_AND_YES,
    ),
    stat(
        "Ready",
        description="Restored, assigned and not stalled. /readyz says why not.",
        unit="none",
        expr="retaind_ready{TARGET}",
        colours=BAD_AND_GOOD,
        texts=NO_AND_YES,
    ),
    stat(
        "Runs since",
        description="Time since the process started.",
        unit="s",
        expr="time() - retaind_start_timestamp_seconds{TARGET}",
    ),
    stat(
        "Restarts",
        description="Starts within the chosen time after the first one seen. Three within half an hour: an alert.",
        unit="none",
        expr="changes(retaind_start_timestamp_seconds{TARGET}[$__range])",
        colours=((None, "green"), (1, "orange"), (3, "red")),
    ),
    stat(
        "Checkpoint's age",
        description="What a crash now would have to learn again. It grows while no event comes: there is "
        "nothing new.",
        unit="s",
        expr=f"time() - {SAVED}",
        colours=((None, "green"), (300, "orange"), (900, "red")),
    ),
    stat(
        "Memory",
        description="Resident memory of the process. It is bounded: buffer, probe sets, tasks and keys all are.",
        unit="bytes",
        expr="retaind_process_resident_memory_bytes{TARGET}",
    ),
)

CHECKPOINTS = (
    Panel(
        title="Checkpoint's age",
        description="A saw: it falls to 0 whenever a checkpoint becomes durable. Its height is what is at stake.",
        unit="s",
        queries=(Query(f"time() - {SAVED}", "age"),),
        width=8,
        low=0,
    ),
    Panel(
        title="Time for a checkpoint",
        description="From the copy of the state to the rename. The supervisor's grace period must be above it.",
        unit="s",
        queries=(Query("retaind_checkpoint_last_duration_seconds{TARGET}", "duration"),),
        width=8,
        low=0,
    ),
    Panel(
        title="Size of a checkpoint",
        description="Bytes of the newest one. The state directory holds checkpoint.keep of them.",
        unit="bytes",
        queries=(Query("retaind_checkpoint_bytes{TARGET}", "bytes"),),
        width=8,
        low=0,
    ),
)

RESOURCES = (
    Panel(
        title="Memory",
        description="Resident memory of the process. It rises while buffers and probe sets fill, then stays.",
        unit="bytes",
        queries=(Query("retaind_process_resident_memory_bytes{TARGET}", "resident"),),
        low=0,
    ),
    Panel(
        title="Processor",
        description="CPU seconds a second, all threads. About 1 means that the loop is as fast as it can be.",
        unit="none",
        queries=(Query("rate(retaind_process_cpu_seconds_total{TARGET}[$__rate_interval])", "processors"),),
        low=0,
    ),
)

LIMITS = (
    Panel(
        title="Free disk",
        description="Free bytes under the state, and under files of predictions and dead letters.",
        unit="bytes",
        queries=(Query("retaind_disk_free_bytes{TARGET}", "{{place}}"),),
        low=0,
    ),
    Panel(
        title="Descriptors",
        description="Files and sockets that are open, and how many may be. Without any, nothing is saved.",
        unit="none",
        queries=(
            Query("retaind_process_open_descriptors{TARGET}", "open"),
            Query("retaind_process_max_descriptors{TARGET}", "limit"),
        ),
        low=0,
    ),
)

LOOP = (
    Panel(
        title="Where the loop's time goes",
        description="Share of each second by stage. poll includes waiting: little of it means no reserve is left. "
        "companions is the price of the companions.",
        unit="percentunit",
        queries=(Query("rate(retaind_busy_seconds_total{TARGET}[$__rate_interval])", "{{stage}}"),),
        low=0,
        stacked=True,
    ),
    Panel(
        title="Duration of a turn",
        description="Of one turn of the loop, waiting included. The process counts as stuck after a minute "
        "without one.",
        unit="s",
        queries=tuple(
            Query(
                f"histogram_quantile({quantile}, sum by (le) "
                "(rate(retaind_loop_turn_seconds_bucket{TARGET}[$__rate_interval])))",
                legend,
            )
            for quantile, legend in ((0.5, "median"), (0.99, "99th percentile"))
        ),
        low=0,
    ),
)

PROGRESS = (
    Panel(
        title="Progress of each partition",
        description="Offsets that the position advances in a second. A partition at 0 whose log grows is stalled.",
        unit="ops",
        queries=(Query("deriv(retaind_partition_position{TARGET}[$__rate_interval])", "{{topic}}[{{partition}}]"),),
        low=0,
    ),
    Panel(
        title="Ready",
        description="When it was ready and when not.",
        unit="none",
        queries=(Query("retaind_ready{TARGET}", "ready"), Query("up{TARGET}", "answers")),
        kind="state-timeline",
        colours=BAD_AND_GOOD,
        texts=NO_AND_YES,
    ),
)

REST = (
    Panel(
        title="Checkpoints written",
        description="In a minute. None while events come: look at the log.",
        unit="none",
        queries=(
            Query("60 * rate(retaind_checkpoints_total{TARGET}[$__rate_interval])", "written"),
            Query("60 * rate(retaind_checkpoint_failures_total{TARGET}[$__rate_interval])", "failed"),
        ),
        width=8,
        low=0,
    ),
    Panel(
        title="Labels beyond their bound",
        description="How often a figure was reported under __other__, in a second. Above 0, tasks or classes have "
        "no series of their own: raise retention.max_tasks.",
        unit="ops",
        queries=(Query("rate(retaind_label_overflow_total{TARGET}[$__rate_interval])", "{{label}}"),),
        width=8,
        low=0,
    ),
    Panel(
        title="What runs",
        description="Versions of retaind, Python and torch.",
        unit="none",
        queries=(Query("retaind_build_info{TARGET}", instant=True),),
        kind="table",
        width=8,
        transformations=(
            {
                "id": "filterFieldsByName",
                "options": {"include": {"names": ["version", "python", "torch"]}},
            },
        ),
    ),
)

OPERATIONS = Dashboard(
    name="Operations",
    description="Is the process healthy, is what it learned durable, and what does it cost?",
    rows=(NOW, CHECKPOINTS, RESOURCES, LIMITS, LOOP, PROGRESS, REST),
    annotations=(START,),
)
