"""Whether the model is forgetting, and whether holding on to the past is worth it."""

from __future__ import annotations

from deploy.grafana.dashboard import CONSOLIDATION, DRIFT, START, Dashboard
from deploy.grafana.panel import Panel, Query, stat

LOST = ((None, "green"), (0.05, "orange"), (0.1, "red"))
GAINED = ((None, "red"), (-0.1, "orange"), (-0.05, "green"))

NOW = (
    stat(
        "Average score",
        description="Mean over all tasks of the score now, on rows that were never learned.",
        unit="percentunit",
        expr='retaind_average_score{learner="", TARGET}',
    ),
    stat(
        "Forgetting",
        description="How far past tasks are below their best on average. Above 10 % an alert goes off.",
        unit="percentunit",
        expr='retaind_average_forgetting{learner="", TARGET}',
        colours=LOST,
    ),
    stat(
        "Backward transfer",
        description="Mean over past tasks of the score now less the score when the task had just ended. "
        "Below 0: learning on has cost the past.",
        unit="percentunit",
        expr='retaind_backward_transfer{learner="", TARGET}',
        colours=GAINED,
    ),
    stat(
        "Forward transfer",
        description="How much better than untrained the model was on each task before it came. "
        "Absent until a second task has ended.",
        unit="percentunit",
        expr='retaind_forward_transfer{learner="", TARGET}',
    ),
    stat(
        "Lead over the naive companion",
        description="Average score less that of the same model without any strategy, at the same evaluation: what "
        "retention is worth now. Empty where the naive companion has missed events.",
        unit="percentunit",
        expr='retaind_average_score_lead{learner="naive", TARGET}',
        colours=((None, "red"), (0, "green")),
    ),
    stat(
        "Tasks",
        description="Tasks told apart now. Beyond retention.max_tasks the one not seen for longest makes room.",
        unit="none",
        expr="retaind_tasks_known{TARGET}",
    ),
)

SCORES = (
    Panel(
        title="Score of each task",
        description="What the model still knows of every task, on that task's probe set. A curve that falls "
        "after its task has ended is forgetting.",
        unit="percentunit",
        queries=(Query('retaind_retention_score{learner="", TARGET}', "{{task}}"),),
        high=1,
    ),
    Panel(
        title="The same, without retention",
        description="The naive companion: same model, same events, no strategy. Empty where it has missed events.",
        unit="percentunit",
        queries=(
            Query(
                'retaind_retention_score{learner="naive", TARGET} and on (job, instance) '
                'retaind_average_score_lead{learner="naive", TARGET}',
                "{{task}}",
            ),
        ),
        high=1,
    ),
)

MATRIX = (
    Panel(
        title="R matrix",
        description="R[boundary, task]: a row for each boundary, a column for each task, the score on its probe "
        "set. Read a column downwards: green that turns red has been forgotten.",
        unit="percentunit",
        queries=(Query('retaind_retention_matrix{learner="", TARGET}', instant=True),),
        kind="table",
        height=10,
        low=0,
        high=1,
        decimals=0,
        gradient=True,
        heading=r"boundary\task",
        transformations=(
            {
                "id": "convertFieldType",
                "options": {"conversions": [{"targetField": "boundary", "destinationType": "number"}]},
            },
            {"id": "sortBy", "options": {"sort": [{"field": "boundary", "desc": False}]}},
            {
                "id": "groupingToMatrix",
                "options": {"rowField": "boundary", "columnField": "task", "valueField": "Value"},
            },
        ),
    ),
    Panel(
        title="Forgetting of each task",
        description="The best score at an earlier boundary less the score now. Only past tasks have it.",
        unit="percentunit",
        queries=(Query('retaind_forgetting{learner="", TARGET}', "{{task}}"),),
        height=10,
    ),
)

REFERENCES = (
    Panel(
        title="Lead over the companions, all tasks",
        description="Average score over tasks less that of another, at the same evaluation; below 0 the other is "
        "better. naive: without strategies. frozen: stopped at the first boundary. challenger: strategies of "
        "its own.",
        unit="percentunit",
        queries=(Query('retaind_average_score_lead{learner=~".+", TARGET}', "{{learner}}"),),
    ),
    Panel(
        title="Lead on the newest events, over companions and no-change",
        description="Score of the predictions made on arrival less that of another, over the same of the last "
        "retention.window events. no_change repeats the last label of the same key.",
        unit="percentunit",
        queries=(Query('retaind_prequential_window_lead{learner=~".+", TARGET}', "{{learner}}"),),
    ),
)

BY_AGE = (
    Panel(
        title="By age: now, and when it was new",
        description="Score now on held-out events that are at least so old, and of what was said of them when they "
        "came. Needs no named tasks.",
        unit="percentunit",
        queries=(
            Query("retaind_retention_age_score_when_new{TARGET}", "{{age}}, when new", instant=True),
            Query("retaind_retention_age_score{TARGET}", "{{age}}, now", instant=True),
        ),
        kind="bargauge",
        low=0,
        high=1,
    ),
    Panel(
        title="Lost, by age",
        description="Score when new less the score now. Above 0: lost, or the same inputs mean something new.",
        unit="percentunit",
        queries=(
            Query("retaind_retention_age_score_when_new{TARGET} - retaind_retention_age_score{TARGET}", "{{age}}"),
        ),
    ),
)

SUMMARY = (
    Panel(
        title="Transfer",
        description="Backward below 0: the past was harmed. Forward above 0: the past helped what came.",
        unit="percentunit",
        queries=(
            Query('retaind_backward_transfer{learner="", TARGET}', "backward"),
            Query('retaind_forward_transfer{learner="", TARGET}', "forward"),
        ),
        width=8,
    ),
    Panel(
        title="Learned, and at worst",
        description="How well each task was learned when it ended; the lowest score since, on average; and both "
        "with the current task (De Lange et al. 2023).",
        unit="percentunit",
        queries=(
            Query('retaind_learning_accuracy{learner="", TARGET}', "learned"),
            Query('retaind_min_accuracy{learner="", TARGET}', "at worst since"),
            Query('retaind_worst_case_accuracy{learner="", TARGET}', "worst case"),
        ),
        width=8,
        high=1,
    ),
    Panel(
        title="From before the stream",
        description="Score on the rows of the section reference, which are never learned, and what it was at "
        "first. Empty without that section.",
        unit="percentunit",
        queries=(
            Query('retaind_reference_score{learner="", TARGET}', "now"),
            Query('retaind_reference_initial_score{learner="", TARGET}', "at first"),
        ),
        width=8,
        high=1,
    ),
)

BUDGET = (
    Panel(
        title="Lost of its budget",
        description="How far each task is below its best, and what it may lose by retention.budget; empty without.",
        unit="percentunit",
        queries=(
            Query(
                'retaind_forgetting{learner="", TARGET} '
                "and on (job, instance, target, task) retaind_budget{TARGET}",
                "{{task}}",
            ),
            Query("retaind_budget{TARGET}", "{{task}}, may be lost"),
        ),
        low=0,
    ),
    Panel(
        title="What is done about a budget",
        description="1 for what is done now: more is rehearsed, an earlier state is relearned, learning rests or "
        "is tried again. Tasks that are let go are not compared any more.",
        unit="none",
        queries=(
            Query('retaind_budget_stage{stage!="calm", TARGET}', "{{stage}}"),
            Query("increase(retaind_budget_tasks_let_go_total{TARGET}[$__rate_interval])", "tasks let go"),
        ),
        low=0,
    ),
)

TRUST = (
    Panel(
        title="Probes behind each score",
        description="Rows in each task's probe set. Fewer than a hundred: a score may be off by ten points by "
        "chance.",
        unit="short",
        queries=(Query('retaind_retention_samples{learner="", TARGET}', "{{task}}", instant=True),),
        kind="bargauge",
        low=0,
        colours=((None, "red"), (50, "orange"), (100, "green")),
    ),
    Panel(
        title="Untrained and now",
        description="The untrained model's score on each task, and the score now: what learning has brought at "
        "all.",
        unit="percentunit",
        queries=(
            Query('retaind_retention_untrained_score{learner="", TARGET}', "{{task}}, untrained", instant=True),
            Query('retaind_retention_score{learner="", TARGET}', "{{task}}, now", instant=True),
        ),
        kind="bargauge",
        low=0,
        high=1,
    ),
)

RETENTION = Dashboard(
    name="Retention",
    description="Is the model forgetting, and is holding on to the past worth it?",
    rows=(NOW, SCORES, MATRIX, BY_AGE, REFERENCES, SUMMARY, BUDGET, TRUST),
    annotations=(DRIFT, CONSOLIDATION, START),
)
