"""Without a broker the daemon is alive, says what it misses, and learns on when it is back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.kill_and_resume import Course, differences
from tests.end_to_end.plant import configure, plant

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher
    from tests.kafka.broker import Broker

TOPIC = "plant"
EVENTS = 1_600


def test_it_waits_for_a_broker_and_survives_the_death_of_one(
    new_broker: Callable[..., Broker], launcher: Launcher, tmp_path: Path
) -> None:
    broker, events = new_broker(), list(plant(EVENTS))
    config = configure(tmp_path / "troubled", broker, TOPIC)
    with DaemonProcess(launcher, config, log=tmp_path / "log") as daemon:
        daemon.until(lambda: daemon.said("no checkpoint yet: beginning untrained") is not None)
        code, reason = daemon.get("/readyz")
        assert (code, broker.bootstrap in reason) == (503, True), reason
        assert daemon.get("/livez") == (200, "ok\n")

        broker.start()
        broker.create_topic(TOPIC)
        broker.produce(TOPIC, events[: EVENTS // 2])
        daemon.until_events(EVENTS // 2)
        assert daemon.get("/readyz") == (200, "ok\n")

        broker.kill()
        daemon.until(lambda: daemon.get("/readyz")[0] == 503)
        assert "broker" in daemon.get("/readyz")[1]
        assert daemon.get("/livez") == (200, "ok\n")

        broker.start()
        broker.produce(TOPIC, events[EVENTS // 2 :])
        assert daemon.until_events(EVENTS) == EVENTS
        daemon.until(lambda: daemon.get("/readyz")[0] == 200)
        assert daemon.stop() == 0
    troubled = Course(launcher, config, EVENTS)
    calm = Course(launcher, configure(tmp_path / "calm", broker, TOPIC), EVENTS)
    calm.live_to_the_end()
    assert differences(troubled.newest_state()["pipeline"], calm.newest_state()["pipeline"]) == []
