"""What can be done to a daemon and its broker; each leaves the broker running, and a daemon or none."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

from daemon.state.checkpoints import CheckpointStore
from tests.end_to_end.plant import plant
from tests.kafka.bulk import load

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

    from tests.end_to_end.daemon_process import DaemonProcess
    from tests.end_to_end.small_plant import SmallPlant
    from tests.kafka.broker import Broker


class Stage:
    """A broker with a topic, and a daemon that learns it; what is drawn comes from ``chance``."""

    def __init__(self, broker: Broker, made: SmallPlant, *, topic: str, partitions: int, chance: Random) -> None:
        self.broker, self.made, self.topic, self.chance = broker, made, topic, chance
        self.written = [0] * partitions
        self.daemon: DaemonProcess | None = None

    @property
    def events(self) -> int:
        """How many there are in the topic."""
        return sum(self.written)

    def run(self) -> DaemonProcess:
        """Return the daemon, started if none is running."""
        if self.daemon is None:
            self.daemon = self.made.live()
            self.daemon.until_said("started")
        return self.daemon

    def grow(self) -> None:
        """Write more events, into some of the partitions."""
        for partition in range(len(self.written)):
            count = self.chance.randrange(0, 200)
            load(self.broker.bootstrap, self.topic, plant(count), partition=partition)
            self.written[partition] += count

    def wait_for_some(self) -> None:
        """Let the daemon learn until a moment that is drawn."""
        self.run().until_events(self.chance.randrange(self.events + 1))

    def end_life(self) -> None:
        """Stop in an orderly way."""
        if self.daemon is not None:
            code = self.daemon.stop()
            assert code == 0, self.daemon.log
            self.daemon = None


def kill_the_daemon(stage: Stage) -> None:
    """SIGKILL at a moment that is drawn."""
    stage.wait_for_some()
    stage.run().kill()
    stage.daemon = None


def stop_the_daemon(stage: Stage) -> None:
    """SIGTERM at a moment that is drawn."""
    stage.wait_for_some()
    stage.end_life()


def let_the_daemon_hang(stage: Stage) -> None:
    """SIGSTOP, and SIGCONT when more has come."""
    daemon = stage.run()
    daemon.signal(signal.SIGSTOP)
    stage.grow()
    daemon.signal(signal.SIGCONT)


def reload_the_daemon(stage: Stage) -> None:
    """SIGHUP with the same file."""
    stage.run().signal(signal.SIGHUP)


def kill_the_broker(stage: Stage) -> None:
    """SIGKILL; it comes back with its data."""
    stage.run()
    stage.broker.kill()
    stage.broker.start()


def restart_the_broker(stage: Stage) -> None:
    """Stop it as an operator does, and start it."""
    stage.run()
    stage.broker.restart()


def let_the_broker_hang(stage: Stage) -> None:
    """SIGSTOP until a daemon that is started meanwhile, or stopped, has noticed nothing."""
    with stage.broker.asleep():
        stage.end_life()
        stage.run()
        stage.end_life()


def roll_back(stage: Stage) -> None:
    """Go back to a generation that is drawn."""
    stage.end_life()
    store = CheckpointStore(stage.made.state, keep=20)
    whole = [entry.generation for entry in store.entries() if entry.manifest is not None]
    store.rollback(stage.chance.choice(whole))


def flip_a_byte_of_the_newest_generation(stage: Stage) -> None:
    """A disk forgets a bit."""
    stage.end_life()
    store = CheckpointStore(stage.made.state, keep=20)
    if len(store.generations()) > 1:
        file = store.path(store.generations()[-1]) / "state.safetensors"
        content = bytearray(file.read_bytes())
        content[stage.chance.randrange(len(content))] ^= 1 << stage.chance.randrange(8)
        file.write_bytes(content)


FAULTS: tuple[Callable[[Stage], None], ...] = (
    kill_the_daemon,
    stop_the_daemon,
    let_the_daemon_hang,
    reload_the_daemon,
    kill_the_broker,
    restart_the_broker,
    let_the_broker_hang,
    roll_back,
    flip_a_byte_of_the_newest_generation,
)
