"""A daemon as a process of its own, watched from outside."""

from __future__ import annotations

import json
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@contextmanager
def running(
    command: list[str], *, env: Mapping[str, str] | None = None
) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Yield a daemon's process and the HTTP address that it logs (``log: {format: json}``); stop it afterwards.

    Raises ``RuntimeError`` with the log where it ends before it serves.
    """
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=env) as process:
        assert process.stderr is not None
        log: list[str] = []
        for line in process.stderr:
            log.append(line)
            if '"http"' in line:
                break
        else:
            raise RuntimeError("the daemon did not start:\n" + "".join(log))
        # The log is read to its end, so that the daemon never waits for us.
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        try:
            yield process, json.loads(log[-1])["http"]
        finally:
            process.terminate()
            process.wait(120)
            drain.join(10)
