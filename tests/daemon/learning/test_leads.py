"""The main learner and what is published are compared with others over the same events, and else not at all."""

from __future__ import annotations

from daemon.telemetry.comparison import comparisons
from tests.daemon.learning.companion_stream import ALWAYS, companion, main_of, pipeline, stream

EVERYONE = {"naive": ALWAYS, "frozen": ALWAYS, "challenger": {"strategies": []}}


def test_where_no_event_waits_a_full_window_of_both_is_compared() -> None:
    made = pipeline(companions=EVERYONE)
    made.process(stream("P", rows=77))
    main, naive = main_of(made), companion(main_of(made), "naive")
    lead = main.leads().of_main["naive"]
    assert (main.waiting, lead.rows) == (0, 30)
    assert lead.score == main.scored.prequential.windowed().accuracy
    assert lead.other == naive.scored.prequential.windowed().accuracy


def test_what_waits_is_left_out_for_a_companion_has_not_predicted_it() -> None:
    records = stream("P", rows=80)
    made, until_there = pipeline(companions=EVERYONE), pipeline(companions=EVERYONE)
    made.process(records)
    until_there.process(records[:77])
    main, earlier = main_of(made), main_of(until_there)
    lead, before = main.leads().of_main["naive"], earlier.leads().of_main["naive"]
    assert (main.waiting, lead.rows) == (3, 27)
    older = earlier.scored.prequential.state_dict()["ring"]
    assert before.rows == len(older) == 30
    # The three oldest rows of the window then have left it since.
    newest = [(77 - 27 + row) % 30 for row in range(27)]
    assert lead.score == older[newest, 1].mean()


def test_frozen_is_compared_from_its_beginning_on_and_who_passes_events_by_is_not() -> None:
    made = pipeline(companions={"naive": ALWAYS | {"every_blocks": 2}, "frozen": ALWAYS})
    records = stream("PQ", rows=45)
    made.process(records[:45])
    assert made.snapshot().leads.of_main.keys() == {"no_change"}
    made.process(records[45:60])
    main = main_of(made)
    assert (main.waiting, main.leads().of_main["frozen"].rows) == (1, 14)
    assert "naive" not in main.leads().of_main


def test_the_answers_of_a_committee_are_compared_as_the_main_learner_is() -> None:
    made = pipeline(companions={"naive": ALWAYS, "frozen": None}, committee={})
    made.process(stream("P", rows=80))
    committee, leads = made.snapshot().committee, made.snapshot().leads
    assert committee is not None
    assert leads.of_answers.keys() == {"no_change", "naive"}
    assert leads.of_main.keys() == {"no_change", "naive", "committee"}
    assert leads.of_main["committee"].other == leads.of_answers["no_change"].score
    assert leads.of_main["committee"].other == committee.scores.window.accuracy
    assert leads.of_answers["naive"].other == leads.of_main["naive"].other


def test_probe_sets_are_compared_at_the_same_evaluation_and_over_the_same_tasks() -> None:
    made = pipeline(companions={"naive": ALWAYS | {"every_examinations": 3}, "frozen": ALWAYS})
    made.process(stream("PQ", rows=180)[:149])
    main = main_of(made)
    average = comparisons(made.snapshot())["naive"].average
    assert average is not None
    assert main.scored.evaluator.figures().events != 56
    assert average.events == companion(main, "naive").scored.evaluator.figures().events == 56
    (then,) = [row for row in main.scored.evaluator.matrix.recent() if row.events == 56]
    assert average.score == then.scores[0]
    assert average.other == companion(main, "naive").scored.evaluator.figures().average_score


def test_a_naive_companion_that_began_later_has_learned_less_and_keeps_less() -> None:
    records = stream("P", rows=77)
    without, late = pipeline(companions={"naive": None, "frozen": None}), pipeline(companions=EVERYONE)
    without.process(records[:40])
    late.load_state_dict(without.state_dict())
    late.process(records[40:])
    late.finish()
    shown = comparisons(late.snapshot())
    assert shown["naive"].average is None
    assert shown["naive"].newest is not None
    assert shown["challenger"].average is not None
