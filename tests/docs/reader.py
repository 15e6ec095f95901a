"""A reader of the tutorial who does all that it says, in one shell."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.docs.fences import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from tests.docs.fences import Fence

MARK = "@@@ line"


class Reader:
    """Types the blocks of a page into a shell and remembers what each has printed.

    A block with a title is a file to save, another one of `sh` is typed in. `replaced` are texts of the page that
    are others here: ports that may be taken.
    """

    def __init__(self, home: Path, *, replaced: Mapping[str, str]) -> None:
        self.home = home
        self._replaced = replaced
        self.printed: dict[int, str] = {}

    def follow(self, blocks: Sequence[Fence], *, folder: Path, deadline_seconds: float) -> None:
        """Do what these blocks say, from the first to the last; fail with all that was printed where one fails."""
        script = "\n".join(
            ["set -e", *(f"printf '\\n{MARK} {block.line}\\n'\n{_typed(block)}" for block in blocks)]
        )
        for text, other in self._replaced.items():
            script = script.replace(text, other)
        log = self.home / f"{blocks[0].line}.log"
        with log.open("w") as output:
            shell = subprocess.Popen(
                ["bash", "-c", script], cwd=folder, env=self._environ(), start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
            try:
                code = shell.wait(deadline_seconds)
            except subprocess.TimeoutExpired:
                code = None
            finally:
                _end(shell)
        parts = re.split(rf"^{MARK} (\d+)\n", log.read_text(), flags=re.MULTILINE)[1:]
        self.printed |= {int(line): text for line, text in zip(parts[::2], parts[1::2], strict=True)}
        assert code == 0, (
            f"exit code {code} (None: deadline) after the block of line {parts[-2]}:\n{log.read_text()}"
        )

    def _environ(self) -> dict[str, str]:
        """Without the environment that the tests run in: the tutorial activates it."""
        own = os.path.dirname(sys.executable)  # noqa: PTH120  # a part of PATH is text
        path = os.pathsep.join(part for part in os.environ["PATH"].split(os.pathsep) if part != own)
        return {**os.environ, "PATH": path, "HOME": str(self.home), "COLUMNS": "200", "MAKEFLAGS": ""}


def checkout(folder: Path) -> Path:
    """Make a folder that is the repository to a reader, with the environment of these tests as its own."""
    folder.mkdir()
    for entry in ROOT.iterdir():
        if entry.name != ".venv":
            (folder / entry.name).symlink_to(entry)
    (folder / ".venv").symlink_to(sys.prefix)
    return folder


def missing(shown: str, printed: str) -> list[str]:
    """The lines shown in a page that were not printed in this order; figures may be others.

    >>> missing("score 0.9 ok", "first\\n the score  0.75 ok\\n"), missing("score 0.9", "nothing")
    ([], ['score 0.9'])
    """
    rest: Iterable[str] = iter([_blurred(line) for line in printed.splitlines()])
    return [line for line in shown.splitlines() if not any(_blurred(line) in other for other in rest)]


def _blurred(line: str) -> str:
    return " ".join(re.sub(r"[−+]?\d[\d,]*", "0", line).split())


def _typed(block: Fence) -> str:
    if block.title is None:
        return block.text
    return f"cat > {block.title} <<'END OF FILE'\n{block.text}END OF FILE"


def _end(shell: subprocess.Popen[bytes]) -> None:
    """End the shell and whatever it has started."""
    try:
        os.killpg(shell.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    shell.wait()
