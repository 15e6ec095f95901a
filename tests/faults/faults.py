"""What can be done to daemons and their broker; each leaves the broker running, and daemons or none."""

from __future__ import annotations

import signal
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from typer.testing import CliRunner

from daemon.commands.checkpoint import checkpoint
from tests.faults.machine import BROKEN, FULL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.faults.course import Course
    from tests.faults.member import Member
    from tests.faults.setting import Setting

HOUR = 3600


@dataclass(frozen=True, slots=True)
class Fault:
    """One kind."""

    name: str
    do: Callable[[Course], None]
    among: Callable[[Setting], bool] = lambda _: True
    """Where it can happen."""


# The daemon.


def kill(course: Course) -> None:
    course.let_learn()
    course.one().kill()


def stop(course: Course) -> None:
    course.let_learn()
    course.one().stop()


def hang(course: Course) -> None:
    """Longer, now and then, than a group waits for a member."""
    course.let_learn()
    daemon = course.one().run()
    daemon.signal(signal.SIGSTOP)
    course.stream.grow()
    time.sleep(course.chance.choice((0.0, 0.5, 4.5)))
    daemon.signal(signal.SIGCONT)


def reload(course: Course) -> None:
    """With another distance between checkpoints."""
    course.let_learn()
    member = course.one()
    text = member.file.read_text()
    before = text.split("every_events: ")[1].split(",")[0]
    after = course.chance.choice(("100", "250", "600", before))
    member.file.write_text(text.replace(f"every_events: {before}", f"every_events: {after}"))
    member.until_started()  # before that, it would end of it
    member.run().signal(signal.SIGHUP)
    course.let_learn(0.5)


def set_the_clock(course: Course) -> None:
    """Back, mostly; also where it was. Where bits are promised, by less than a record may be ahead of the clock."""
    course.let_learn()
    far = -20 * HOUR if course.setting.bits else -1_000 * HOUR
    course.one().machine.set_clock(course.chance.choice((far, -300, -5, 0, 300)))
    course.let_learn()


# The broker and the way to it.


def kill_the_broker(course: Course) -> None:
    course.let_learn()
    course.broker.kill()
    course.broker.start()


def restart_the_broker(course: Course) -> None:
    course.let_learn()
    course.broker.restart()


def let_the_broker_hang(course: Course) -> None:
    """A daemon may be started meanwhile, or stopped."""
    course.let_learn()
    with course.broker.asleep():
        if course.chance.random() < 0.5:
            course.one().stop()
        course.let_learn(3.0)


def cut_the_connections(course: Course) -> None:
    for _ in range(course.chance.randint(1, 4)):
        course.let_learn(0.7)
        course.broker.proxy.cut()


def stall_the_connections(course: Course) -> None:
    course.let_learn()
    with course.broker.proxy.stalled():
        if course.chance.random() < 0.3:
            course.one().stop()
        course.let_learn(5.0)


def leave_the_connections_half_open(course: Course) -> None:
    course.let_learn()
    course.broker.proxy.half_open()
    course.stream.grow()


def delay_the_connections(course: Course) -> None:
    with course.broker.proxy.delayed(course.chance.uniform(0.05, 0.4)):
        course.let_learn(2.0)


def hold_a_partition_back(course: Course) -> None:
    """By a transaction that stays open."""
    with course.stream.held_back():
        course.stream.grow()
        course.let_learn()


# The disk.


@contextmanager
def _failing(course: Course, error: int, where: str) -> Iterator[Member]:
    """Within it, the disk under one member's state or results fails, until it has noticed or ended of it."""
    member = course.one()
    course.let_learn(0.5)
    with member.machine.failing(error, member.directory / where):
        course.stream.grow()
        yield member
        time.sleep(course.chance.uniform(0.2, 2.0))


def fill_the_disk_of_the_state(course: Course) -> None:
    with _failing(course, FULL, "state"):
        pass


def fill_the_disk_of_the_results(course: Course) -> None:
    with _failing(course, FULL, "out"):
        pass


def break_the_disk_of_the_state(course: Course) -> None:
    with _failing(course, BROKEN, "state"):
        pass


def break_the_disk_of_the_results(course: Course) -> None:
    with _failing(course, BROKEN, "out"):
        pass


def stop_while_the_disk_is_full(course: Course) -> None:
    """All of it; it is started again before there is room."""
    with _failing(course, FULL, "") as member:
        member.stop()
        member.run()


def flip_a_bit_of_the_newest_generation(course: Course) -> None:
    member = course.one()
    member.stop()
    generations = member.store.generations()
    if len(generations) > 1:
        file = course.chance.choice(sorted(member.store.path(generations[-1]).glob("*.*")))
        whole = file.read_bytes()
        content = bytearray(whole)
        content[course.chance.randrange(len(content))] ^= 1 << course.chance.randrange(8)
        file.write_bytes(content)
        answer_refusal(course, member, lambda: file.write_bytes(whole))


# The operator.


def roll_back(course: Course) -> None:
    """As docs/operating.md says: stop, list, roll back, start; and undo it where it is refused."""
    course.let_learn()
    member = course.one()
    member.stop()
    whole = [entry.generation for entry in member.store.entries() if entry.manifest is not None]
    operate(member, "list")
    operate(member, "rollback", str(course.chance.choice(whole)), "--yes")
    if course.chance.random() < 0.5:
        with course.broker.proxy.stalled():  # nor does the first start reach a broker
            course.let_learn()
            member.stop()
    answer_refusal(course, member, lambda: operate(member, "undo-rollback"))


def answer_refusal(course: Course, member: Member, answer: Callable[[], object]) -> None:
    """A member of a group that has forgotten what it handed over stops with 65, and says what to do."""
    if course.setting.members > 1:
        daemon = member.run()
        daemon.until(lambda: daemon.code() is not None or daemon.said("ready") is not None)
        if daemon.code() == 65:
            assert "retaind checkpoint undo-rollback" in daemon.log, daemon.log
            member.daemon = None
            answer()


def operate(member: Member, *command: str) -> None:
    """Do what an operator does, on the command line."""
    done = CliRunner().invoke(checkpoint, [*command, "--directory", str(member.state)])
    assert done.exit_code == 0, done.output


def restore_a_backup(course: Course) -> None:
    """Or make one, where there is none."""
    course.let_learn()
    member = course.one()
    member.stop()
    if not member.restore():
        member.back_up()


FAULTS = (
    Fault("daemon killed", kill),
    Fault("daemon stopped", stop),
    Fault("daemon hangs", hang),
    Fault("daemon reloaded", reload),
    Fault("clock set", set_the_clock),
    Fault("broker killed", kill_the_broker),
    Fault("broker restarted", restart_the_broker),
    Fault("broker hangs", let_the_broker_hang),
    Fault("connections cut", cut_the_connections),
    Fault("connections stalled", stall_the_connections),
    Fault("connections half open", leave_the_connections_half_open),
    Fault("connections delayed", delay_the_connections),
    Fault("partition held back by a transaction", hold_a_partition_back),
    Fault("disk of the state full", fill_the_disk_of_the_state),
    Fault("disk of the state broken (EIO)", break_the_disk_of_the_state),
    Fault("disk of the results full", fill_the_disk_of_the_results, lambda setting: not setting.to_kafka),
    Fault("disk of the results broken (EIO)", break_the_disk_of_the_results, lambda setting: not setting.to_kafka),
    Fault("stopped and started on a full disk", stop_while_the_disk_is_full),
    Fault("bit of the state flipped", flip_a_bit_of_the_newest_generation),
    Fault("rolled back", roll_back),
    Fault("backup restored", restore_a_backup, lambda setting: setting.members == 1),
)
