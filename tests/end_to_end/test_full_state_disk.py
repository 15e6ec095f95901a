"""A full disk under the state is waited for, however long: nothing is lost, nothing ends, and all of it is told."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from tests.end_to_end.daemon_process import DaemonProcess
from tests.end_to_end.test_sinks import configure, each_once, offsets

if TYPE_CHECKING:
    from pathlib import Path

    from tests.end_to_end.launcher import Launcher

FORMERLY_TOLERATED = 3


def with_state_on(disk: Path, directory: Path, *, rate: float | None) -> Path:
    """A daemon whose outputs have room, and whose state is on the small disk."""
    outputs = {name: f'{{type: file, path: "{directory / name}"}}' for name in ("predictions", "dead_letters")}
    config = configure(directory, **outputs, rate=rate)
    text = config.read_text().replace(f"{directory}/state", f"{disk}/state")
    config.write_text(text.replace("every_events: 200", "every_events: 20"))
    return config


def test_a_state_disk_that_fills_is_tried_again_for_good(
    launcher: Launcher, small_disk: Path, tmp_path: Path
) -> None:
    config, ballast = with_state_on(small_disk, tmp_path, rate=100), small_disk / "ballast"
    with DaemonProcess(launcher, config, log=tmp_path / "log") as daemon:
        daemon.until_events(100)
        fill(ballast)
        daemon.until(lambda: daemon.metric("checkpoint_failures_total") > FORMERLY_TOLERATED)
        before = daemon.events()
        daemon.until_events(before + 50)
        assert daemon.get("/livez") == (200, "ok\n")
        ballast.unlink()
        saved = daemon.metric("checkpoints_total")
        daemon.until(lambda: daemon.metric("checkpoints_total") > saved)
        assert daemon.stop() == 0
    with DaemonProcess(launcher, config, log=tmp_path / "again") as daemon:
        assert daemon.wait() == 0
    assert each_once(offsets(tmp_path / "predictions"), offsets(tmp_path / "dead_letters"))


def test_without_room_for_the_first_state_nothing_is_polled_and_it_goes_on_when_there_is(
    launcher: Launcher, small_disk: Path, tmp_path: Path
) -> None:
    config, ballast = with_state_on(small_disk, tmp_path, rate=None), small_disk / "ballast"
    (small_disk / "state").mkdir()
    fill(ballast)
    with DaemonProcess(launcher, config, log=tmp_path / "log") as daemon:
        daemon.until(lambda: daemon.metric("checkpoint_failures_total") >= 2)
        code, reason = daemon.get("/readyz")
        assert (code, daemon.events()) == (503, 0)
        assert "No space left on device" in reason
        ballast.unlink()
        assert daemon.wait() == 0
    assert each_once(offsets(tmp_path / "predictions"), offsets(tmp_path / "dead_letters"))


def fill(path: Path) -> None:
    """Write until there is no room at all."""
    with path.open("wb", buffering=0) as file:
        for size in (1 << 16, 1 << 9, 1):
            with suppress(OSError):
                while file.write(b"x" * size):
                    pass
