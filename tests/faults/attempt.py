"""A course from its seed to its judgement, whatever happens on the way."""

from __future__ import annotations

import shutil
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING

from tests.faults.course import Course
from tests.faults.faults import FAULTS
from tests.faults.setting import settings_of

if TYPE_CHECKING:
    from tests.end_to_end.launcher import Launcher
    from tests.faults.course import Outcome
    from tests.faults.proxied_broker import ProxiedBroker
    from tests.faults.setting import Setting

FAULTS_OF_A_COURSE = 12


@dataclass
class Attempt:
    """What was drawn, and what came of it."""

    seed: int
    library: str = "kafka-python"
    drawn: list[str] = field(default_factory=list)
    outcome: Outcome | None = None
    """None where it came to no end."""
    problem: str = ""
    seconds: float = 0.0

    @property
    def setting(self) -> str:
        """Return the kind of daemon; the seed says which."""
        return self._setting.name

    @property
    def _again(self) -> str:
        return f"SEED={self.seed} COURSES=1 CLIENT={self.library}"

    @property
    def _setting(self) -> Setting:
        settings = settings_of(self.library)
        return settings[self.seed % len(settings)]

    @property
    def good(self) -> bool:
        """Whether all that is promised held."""
        return self.outcome is not None and self.outcome.good

    def __str__(self) -> str:
        """Return it in some lines; the last says how to see it again."""
        lines = [f"seed {self.seed}, {self.setting}, {self.seconds:.0f} s: {'; '.join(self.drawn)}"]
        lines += [] if self.outcome is None else [f"  {self.outcome}"]
        if not self.good:
            lines += [
                self.problem,
                f"  FAILED: all of it is in {self._kept}; again: make faults {self._again}",
            ]
        return "\n".join(lines)

    def run(
        self, broker: ProxiedBroker, launcher: Launcher, folder: Path, *, faults: int = FAULTS_OF_A_COURSE
    ) -> None:
        """Let so many faults befall a course in a directory of ``folder``, and judge it; what fails is kept."""
        started, directory = time.monotonic(), folder / str(self.seed)
        try:
            self._run(broker, launcher, directory, faults)
        except Exception:  # noqa: BLE001 - whatever it is, the seed is to be said
            self.problem = traceback.format_exc()
        self.seconds = time.monotonic() - started
        if not self.good:
            shutil.copytree(directory, self._kept, dirs_exist_ok=True)
        shutil.rmtree(directory, ignore_errors=True)

    def _run(self, broker: ProxiedBroker, launcher: Launcher, directory: Path, faults: int) -> None:
        setting = self._setting
        possible = [fault for fault in FAULTS if fault.among(setting)]
        course = Course(broker, launcher, directory, setting=setting, seed=self.seed)
        try:
            for _ in range(faults):
                course.stream.grow()
                fault = course.chance.choice(possible)
                self.drawn.append(fault.name)
                fault.do(course)
            self.outcome = course.finish()
        finally:
            course.close()

    @property
    def _kept(self) -> Path:
        return Path(gettempdir()) / f"retaind-course-{self.seed}"
