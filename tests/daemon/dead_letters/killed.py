"""A command in a process of its own, which is killed at a step."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from daemon.cli import app

if TYPE_CHECKING:
    from collections.abc import Callable


def run(*arguments: str) -> tuple[int, str]:
    """Run ``retaind`` with these arguments; return its exit code and what it printed."""
    ran = CliRunner().invoke(app, list(arguments))
    assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.exception
    return ran.exit_code, ran.output


def killed(*arguments: str, at: tuple[Any, str], call: int = 1, after: bool = False) -> bool:
    """Run it in a process that gets SIGKILL before (or ``after``) a method of a class is called for the nth time.

    Returns whether it came so far.
    """
    child = os.fork()
    if child == 0:
        try:
            owner, name = at
            setattr(owner, name, _deadly(getattr(owner, name), call, after=after))
            run(*arguments)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _deadly(real: Callable[..., Any], call: int, *, after: bool) -> Callable[..., Any]:
    calls = 0

    def act(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == call and not after:
            os.kill(os.getpid(), signal.SIGKILL)
        done = real(*arguments, **options)
        if calls == call:
            os.kill(os.getpid(), signal.SIGKILL)
        return done

    return act
