"""What the learner does with the events, and what holds on to the past."""

from __future__ import annotations

from deploy.grafana.dashboard import CONSOLIDATION, DRIFT, START, Dashboard
from deploy.grafana.panel import Panel, Query, stat

STEPS = 'rate(retaind_learner_steps_total{learner="", TARGET}[$__rate_interval])'
LEARNING_TIME = 'rate(retaind_busy_seconds_total{stage="learn", TARGET}[$__rate_interval])'
OFF_AND_ON = ((0, "off"), (1, "on"))

NOW = (
    stat(
        "Loss",
        description="Mean loss of the fresh rows in the last accepted step of the main learner.",
        unit="none",
        expr='retaind_learner_loss{learner="", TARGET}',
    ),
    stat(
        "Time for a step",
        description="Time in the stage learn for each accepted step, rehearsal and anchors included.",
        unit="s",
        expr=f"{LEARNING_TIME} / ignoring (stage) {STEPS}",
    ),
    stat(
        "Anchors",
        description="on: it has consolidated and its penalty is not exactly zero. off: it protects nothing.",
        unit="none",
        expr='retaind_anchor_active{learner="", TARGET}',
        colours=((None, "red"), (1, "green")),
        texts=OFF_AND_ON,
    ),
    stat(
        "Consolidations",
        description="How often an anchor has consolidated, earlier runs included.",
        unit="none",
        expr='retaind_anchor_consolidations_total{learner="", TARGET}',
    ),
    stat(
        "Buffer filled",
        description="Rows in the replay buffer, as a share of what it can hold.",
        unit="percentunit",
        expr='retaind_buffer_rows{learner="", TARGET} / retaind_buffer_capacity_rows{learner="", TARGET}',
    ),
    stat(
        "Drift alarms",
        description="Alarms of the drift detector, earlier runs included.",
        unit="none",
        expr="retaind_drift_alarms_total{TARGET}",
    ),
)

STEPPING = (
    Panel(
        title="Loss",
        description="Mean loss of the fresh rows in the last accepted step, of each learner that learns all of "
        "them. A peak at a boundary is expected; one that stays is not.",
        unit="none",
        queries=(
            Query('retaind_learner_loss{learner="", TARGET}', "main"),
            Query(
                'retaind_learner_loss{learner=~".+", TARGET} and on (job, instance, learner) '
                'retaind_prequential_window_lead{learner=~".+", TARGET}',
                "{{learner}}",
            ),
        ),
        low=0,
    ),
    Panel(
        title="Steps",
        description="Accepted; rejected because loss or gradient was not finite; saved because the step budget was "
        "used up. Those of the main learner.",
        unit="ops",
        queries=(
            Query(STEPS, "accepted"),
            Query('rate(retaind_learner_steps_rejected_total{learner="", TARGET}[$__rate_interval])', "rejected"),
            Query('rate(retaind_learner_steps_saved_total{learner="", TARGET}[$__rate_interval])', "saved"),
        ),
        low=0,
    ),
)

HOLDING = (
    Panel(
        title="Anchor penalty",
        description="What the anchor would charge for the weights as they are. It rises as the model moves away "
        "from what it knew, and falls at a consolidation.",
        unit="short",
        queries=(Query('retaind_anchor_penalty{learner="", TARGET}', "{{strategy}}"),),
        low=0,
    ),
    Panel(
        title="Consolidations",
        description="A step up is a boundary, a schedule or SIGUSR2. A line that stays flat over boundaries: "
        "look at consolidations_rejected below.",
        unit="none",
        queries=(
            Query('retaind_anchor_consolidations_total{learner="", TARGET}', "{{strategy}}"),
            Query("retaind_boundaries_total{TARGET}", "boundaries"),
        ),
        low=0,
    ),
)

BUFFER = (
    Panel(
        title="Buffer by task",
        description="Rows remembered of each task. One that shrinks to nothing cannot be rehearsed any more.",
        unit="short",
        queries=(Query('retaind_buffer_task_rows{learner="", TARGET}', "{{strategy}}: {{task}}"),),
        width=8,
        low=0,
        stacked=True,
    ),
    Panel(
        title="Buffer by class",
        description="Rows remembered of each class; in regression empty.",
        unit="short",
        queries=(Query('retaind_buffer_class_rows{learner="", TARGET}', "{{strategy}}: {{class}}"),),
        width=8,
        low=0,
        stacked=True,
    ),
    Panel(
        title="Rows offered to the buffer",
        description="Fresh rows that the buffer was offered. It keeps a sample of them.",
        unit="recps",
        queries=(Query('rate(retaind_buffer_seen_total{learner="", TARGET}[$__rate_interval])', "{{strategy}}"),),
        width=8,
        low=0,
    ),
)

RESTRAINT = (
    Panel(
        title="Learning rate",
        description="Of the step to come, after schedule and boundaries.",
        unit="sci",
        queries=(Query('retaind_learning_rate{learner="", TARGET}', "rate"),),
        width=8,
        low=0,
    ),
    Panel(
        title="Steps left until the next boundary",
        description="Of learner.updates_per_task; at 0 the model only predicts. Empty without that option.",
        unit="short",
        queries=(Query('retaind_learner_steps_left{learner="", TARGET}', "left"),),
        width=8,
        low=0,
    ),
    Panel(
        title="Bytes of the buffer",
        description="Memory that the remembered rows take; bounded by the strategy's budget.",
        unit="bytes",
        queries=(Query('retaind_buffer_bytes{learner="", TARGET}', "{{strategy}}"),),
        width=8,
        low=0,
    ),
)

FIGURES = (
    Panel(
        title="Figures of the strategies",
        description="Every figure that a strategy reports about its state.",
        unit="short",
        queries=(Query('retaind_strategy_figure{learner="", TARGET}', "{{strategy}}: {{figure}}", instant=True),),
        kind="bargauge",
    ),
    Panel(
        title="Classes and tasks known",
        description="Seen so far, or declared. A class beyond label.max_classes is rejected.",
        unit="none",
        queries=(
            Query("retaind_classes_known{TARGET}", "classes"),
            Query("retaind_tasks_known{TARGET}", "tasks"),
        ),
        low=0,
    ),
)

LEARNING = Dashboard(
    name="Learning",
    description="What does the learner do with the events, and what holds on to the past?",
    rows=(NOW, STEPPING, HOLDING, BUFFER, RESTRAINT, FIGURES),
    annotations=(DRIFT, CONSOLIDATION, START),
)
