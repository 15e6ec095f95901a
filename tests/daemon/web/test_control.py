from __future__ import annotations

import pytest

from daemon.web.control import Action, Answer, Control, StoppingError, TooManyWaitingError

DONE = Answer(done=True, told={"step": 3})


def test_orders_are_carried_out_one_at_a_time_in_their_order() -> None:
    control, done = Control(), []

    def do(action: Action) -> Answer:
        done.append(action)
        return DONE

    answers = [control.ask("checkpoint"), control.ask("reload")]
    control.serve(do)
    assert ([each.done() for each in answers], done) == ([True, False], ["checkpoint"])
    control.serve(do)
    assert answers[1].result(timeout=0) is DONE
    control.serve(do)
    assert done == ["checkpoint", "reload"]


def test_an_order_that_nobody_waits_for_any_more_is_left_out() -> None:
    control = Control()
    assert control.ask("quit").cancel()
    control.serve(lambda _: pytest.fail("nobody waits"))


def test_what_an_order_raises_is_raised_on_both_sides() -> None:
    control = Control()
    answer = control.ask("checkpoint")

    def fail(_: Action) -> Answer:
        raise OSError("no space left on device")

    with pytest.raises(OSError, match="no space"):
        control.serve(fail)
    with pytest.raises(OSError, match="no space"):
        answer.result(timeout=0)


def test_only_so_many_orders_wait() -> None:
    control = Control()
    for _ in range(8):
        control.ask("checkpoint")
    with pytest.raises(TooManyWaitingError):
        control.ask("checkpoint")
    control.serve(lambda _: DONE)
    control.ask("checkpoint")


def test_whoever_waits_or_asks_when_it_stops_is_told_so() -> None:
    control = Control()
    before = control.ask("reload")
    control.close()
    for answer in (before, control.ask("reload")):
        with pytest.raises(StoppingError):
            answer.result(timeout=0)
