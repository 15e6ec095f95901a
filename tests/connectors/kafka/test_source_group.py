"""Members of a group share partitions: each event is learned by exactly one of them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from connectors.kafka.positions import ForgottenError
from connectors.source import SourceUnavailableError
from tests.connectors.kafka.group_member import COOPERATIVE, IMPATIENT, QUICK, Event, Member, together
from tests.connectors.kafka.reading import new_source, numbers, opened, read, values

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.kafka.cluster import Cluster

FORGOTTEN_SOON = QUICK | {"session_timeout_ms": 6000}  # as soon as a broker allows


@pytest.fixture
def wide(broker: Cluster, topic: str) -> Iterator[str]:
    name = broker.create_topic(f"{topic}-wide", partitions=4)
    yield name
    broker.delete_topic(name)


@pytest.fixture
def new(broker: Cluster, wide: str) -> Iterator[Callable[..., Member]]:
    """What makes members of the group of the wide topic, or lives of one that is there already."""
    members: list[Member] = []

    def make(before: Member | None = None, **options: Any) -> Member:
        if before is None:
            members.append(Member.of(broker, wide, **options))
        else:
            members.append(before.restarted(broker, wide, **options))
        return members[-1]

    yield make
    for member in members:
        member.source.close()


def produce_to_each(broker: Cluster, topic: str, first: int, last: int) -> None:
    for number in range(4):
        broker.produce(topic, numbers(first, last), partition=number)


def all_up_to(last: int) -> list[Event]:
    return [(number, offset) for number in range(4) for offset in range(last)]


def learned_by(*members: Member) -> list[Event]:
    return sorted(event for member in members for event in member.learned)


def shared(*members: Member) -> Callable[[], bool]:
    """Return whether each of the members reads as many partitions as the others."""
    return lambda: [len(member.partitions) for member in members] == [4 // len(members)] * len(members)


def committed(broker: Cluster, topic: str) -> list[int]:
    return [offset for _, offset in sorted(broker.committed(f"{topic}-group").items())]


@pytest.mark.parametrize("client", [QUICK, COOPERATIVE], ids=["eager", "cooperative"])
def test_a_member_saves_and_commits_before_it_gives_a_partition_up(
    broker: Cluster, wide: str, new: Callable[..., Member], client: dict[str, Any]
) -> None:
    produce_to_each(broker, wide, 0, 10)
    first = new(client=client)
    together([first], lambda: len(first.learned) == 40)
    second = new(client=client)
    together([first, second], shared(first, second))
    assert first.checkpoints[-1].learned == tuple(first.learned)
    produce_to_each(broker, wide, 10, 20)
    together([first, second], lambda: len(learned_by(first, second)) >= 80)
    assert len(first.learned) == 60
    second.stop()
    produce_to_each(broker, wide, 20, 25)
    together([first], lambda: len(learned_by(first, second)) >= 100)
    assert learned_by(first, second) == all_up_to(25)
    assert first.withdrawals == second.withdrawals == 0


def test_what_was_learned_since_the_last_commit_is_undone_where_the_partitions_were_lost(
    broker: Cluster, wide: str, new: Callable[..., Member]
) -> None:
    produce_to_each(broker, wide, 0, 10)
    slow = new(client=IMPATIENT)
    together([slow], lambda: len(slow.learned) == 40)
    assert slow.save()
    produce_to_each(broker, wide, 10, 20)
    together([slow], lambda: len(slow.learned) == 80)
    other = new()
    together([other], lambda: len(other.learned) == 40)  # the group has removed the slow one
    other.save()
    assert not slow.save()
    together([slow, other], shared(slow, other))
    assert slow.withdrawals == 1
    assert learned_by(slow, other) == all_up_to(20)
    assert committed(broker, wide) == [20] * 4


def test_a_checkpoint_that_was_never_committed_is_withdrawn_where_others_have_learned_its_events(
    broker: Cluster, wide: str, new: Callable[..., Member]
) -> None:
    produce_to_each(broker, wide, 0, 5)
    first = new()
    together([first], lambda: len(first.learned) == 20)
    first.save()
    produce_to_each(broker, wide, 5, 10)
    together([first], lambda: len(first.learned) == 40)
    first.save(commit=False)
    first.source.close()  # it dies between the two
    second = new()
    together([second], lambda: len(second.learned) == 20)
    again = new(first)
    together([again, second], shared(again, second))
    assert again.withdrawals == 1
    assert learned_by(again, second) == all_up_to(10)


def test_a_checkpoint_that_was_never_committed_stays_where_nobody_has_read_on(
    broker: Cluster, wide: str, new: Callable[..., Member]
) -> None:
    produce_to_each(broker, wide, 0, 5)
    first = new()
    together([first], lambda: len(first.learned) == 20)
    first.save()
    produce_to_each(broker, wide, 5, 10)
    together([first], lambda: len(first.learned) == 40)
    first.save(commit=False)
    first.source.close()
    again = new(first)
    together([again], shared(again))
    produce_to_each(broker, wide, 10, 11)
    together([again], lambda: len(again.learned) == 44)
    again.save()
    assert again.withdrawals == 0
    assert learned_by(again) == all_up_to(11)
    assert committed(broker, wide) == [11] * 4


def test_a_member_that_died_before_it_knew_of_its_commit_keeps_what_it_learned(
    broker: Cluster, wide: str, new: Callable[..., Member]
) -> None:
    produce_to_each(broker, wide, 0, 5)
    first = new()
    together([first], lambda: len(first.learned) == 20)
    first.save(commit=False)
    assert first.source.commit(first.checkpoints[-1].snapshot)
    first.source.close()
    produce_to_each(broker, wide, 5, 10)
    second = new()
    together([second], lambda: len(second.learned) == 20)
    second.save()
    again = new(first)
    together([again, second], shared(again, second))
    assert again.withdrawals == 0
    assert learned_by(again, second) == all_up_to(10)


def test_a_member_that_has_forgotten_what_it_handed_over_stops_unless_it_is_told_to_pass_it(
    broker: Cluster, wide: str, new: Callable[..., Member], caplog: pytest.LogCaptureFixture
) -> None:
    produce_to_each(broker, wide, 0, 5)
    first = new()
    together([first], lambda: len(first.learned) == 20)
    second = new()
    together([first, second], shared(first, second))
    handed_over = second.partitions
    produce_to_each(broker, wide, 5, 10)
    together([first, second], lambda: len(learned_by(first, second)) == 40)
    for member in (first, second):
        member.stop()
    first.checkpoints = first.checkpoints[:1]  # to where it had learned nothing
    with pytest.raises(ForgottenError, match=r"wide/\d \(up to 5\), .*retaind checkpoint undo-rollback puts"):
        together([refused := new(first)], lambda: bool(refused.learned))
    refused.source.close()
    again = new(first, on_forgotten="pass")
    together([again], shared(again))
    together([again], lambda: len(again.learned) == 20)
    again.save()
    lost = [(number, offset) for number in handed_over for offset in range(5)]
    assert learned_by(again, second) == sorted(set(all_up_to(10)) - set(lost))
    assert committed(broker, wide) == [10] * 4
    assert "the other members go on behind them: nobody would learn them" in caplog.text


@pytest.mark.parametrize("leaves", [True, False], ids=["others-go-on", "nobody-noticed"])
def test_a_member_that_connects_anew_before_its_first_commit_learns_nothing_twice(
    broker: Cluster, wide: str, new: Callable[..., Member], monkeypatch: pytest.MonkeyPatch, *, leaves: bool
) -> None:
    produce_to_each(broker, wide, 0, 10)
    first = new(client=FORGOTTEN_SOON)
    together([first], lambda: len(first.learned) == 40)
    second = new(client=FORGOTTEN_SOON)
    together([first, second], shared(first, second))
    produce_to_each(broker, wide, 10, 20)
    together([first, second], lambda: len(learned_by(first, second)) == 80)
    assert second.source._reader is not None
    if not leaves:  # as where the connection is broken
        monkeypatch.setattr(second.source._reader.client.consumer, "close", lambda **_: None)
    second.source._disconnect("a test")
    produce_to_each(broker, wide, 20, 25)
    together([first, second], lambda: learned_by(first, second) == all_up_to(25))


def test_a_pattern_is_shared_too_and_finds_later_topics(broker: Cluster, topic: str) -> None:
    broker.produce(topic, numbers(0, 2))
    later = f"{topic}-later"
    source = new_source(
        broker,
        pattern=f"{topic}(-later)?",
        mode="subscribe",
        group=topic,
        topics_seconds=0.2,
        client=QUICK,
    )
    with opened(source):
        assert values(read(source, 2)) == [0, 1]
        broker.create_topic(later)
        broker.produce(later, numbers(2, 4))
        assert values(read(source, 2)) == [2, 3]
    broker.delete_topic(later)


def test_a_static_member_comes_back_to_its_partitions_without_a_rebalance_of_the_others(
    broker: Cluster, wide: str, new: Callable[..., Member]
) -> None:
    produce_to_each(broker, wide, 0, 5)
    one, two = new(group_instance_id="one"), new(group_instance_id="two")
    together([one, two], shared(one, two))
    together([one, two], lambda: len(learned_by(one, two)) == 20)
    had = one.partitions
    one.stop()
    produce_to_each(broker, wide, 5, 6)
    saved = len(two.checkpoints)
    again = new(one, group_instance_id="one")
    together([again, two], lambda: len(learned_by(again, two)) == 24)
    assert again.partitions == had
    assert len(two.checkpoints) == saved  # no rebalance asked it for one
    assert learned_by(again, two) == all_up_to(6)


def test_a_second_process_of_the_same_name_ends_the_first_one(
    broker: Cluster, wide: str, new: Callable[..., Member]
) -> None:
    produce_to_each(broker, wide, 0, 5)
    before = new(group_instance_id="one")
    together([before], lambda: len(before.learned) == 20)
    after = new(group_instance_id="one")
    together([after], lambda: len(after.learned) == 20)
    assert after.save()
    assert not before.save()
    with pytest.raises(SourceUnavailableError, match="another process uses group_instance_id one"):
        before.turn()


def test_a_member_that_reads_nothing_for_a_while_keeps_its_place_and_its_positions(
    broker: Cluster, wide: str, new: Callable[..., Member]
) -> None:
    produce_to_each(broker, wide, 0, 10)
    member = new(client=IMPATIENT)
    together([member], lambda: member.source.status().ready and member.partitions == {0, 1, 2, 3})
    member.learned += [(each.partition, each.offset) for each in member.source.poll(12, 1.0)]
    until = time.monotonic() + 3 * IMPATIENT["max_poll_interval_ms"] / 1_000
    while time.monotonic() < until:
        assert member.source.poll(0, 0.1) == []
    assert (member.source.status().ready, member.partitions) == (True, {0, 1, 2, 3})
    together([member], lambda: len(member.learned) == 40)
    assert sorted(member.learned) == all_up_to(10)
    assert not member.withdrawals
