"""Watches a running program, and notes each call and each return between files of some packages."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from tests.architecture.marker import Marker

_WITH_ARGS, _WITH_KEYWORDS = 0x04, 0x08  # of a code object's flags: inspect.CO_VARARGS, inspect.CO_VARKEYWORDS
_IMPORTING = "<module>"


@dataclass(frozen=True, slots=True)
class Step:
    """One call, or the return from one; what lies between two files of ours (such as torch) is passed over.

    A generator is called and returns each time that it goes on.
    """

    caller: str | None
    """A file as a path from the checkout, such as ``daemon/loop/loop.py``; None where nobody of ours has called."""
    callee: str
    function: str
    returns: bool
    marked: bool
    """Whether the marker was in what was handed over: an argument, or what was returned."""
    main_thread: bool


@dataclass(slots=True)
class _Stack:
    frames: list[FrameType] = field(default_factory=list)
    importing: FrameType | None = None


class Follower:
    """Notes the steps of all threads that start while it follows, and of the one that it was started in.

    What happens while a module is imported belongs to no value, and is left out.
    """

    def __init__(self, checkout: Path, *, packages: Sequence[str], marker: Marker | None = None) -> None:
        self.steps: list[Step] = []
        self.marker = marker
        self._place = cache(_placing(checkout, packages))
        self._threads: dict[int, _Stack] = {}
        self._main = threading.get_ident()
        self._following = False

    @contextmanager
    def follow(self) -> Iterator[list[Step]]:
        """Follow until the context ends; yield the steps, which grow meanwhile."""
        before = sys.getprofile()
        self._following = True
        threading.setprofile(self._observe)
        sys.setprofile(self._observe)
        try:
            yield self.steps
        finally:
            sys.setprofile(before)
            threading.setprofile(None)
            self._following = False

    def _observe(self, frame: FrameType, event: str, value: Any) -> None:
        if not self._following or event not in ("call", "return"):
            return
        stack = self._threads.setdefault(threading.get_ident(), _Stack())
        if stack.importing is not None:
            if event == "return" and frame is stack.importing:
                stack.importing = None
        elif frame.f_code.co_name == _IMPORTING:
            stack.importing = frame if event == "call" else None
        elif self._place(frame.f_code.co_filename) is not None:
            if event == "call":
                self._note(stack, frame, returns=False, handed=_arguments(frame))
                stack.frames.append(frame)
            elif frame in stack.frames:
                del stack.frames[stack.frames.index(frame) :]
                self._note(stack, frame, returns=True, handed=value)

    def _note(self, stack: _Stack, frame: FrameType, *, returns: bool, handed: Any) -> None:
        callee = self._place(frame.f_code.co_filename)
        assert callee is not None
        self.steps.append(
            Step(
                caller=self._place(stack.frames[-1].f_code.co_filename) if stack.frames else None,
                callee=callee,
                function=frame.f_code.co_name,
                returns=returns,
                marked=self.marker is not None and self.marker.within(handed),
                main_thread=threading.get_ident() == self._main,
            )
        )


def _placing(checkout: Path, packages: Sequence[str]) -> Callable[[str], str | None]:
    inside = tuple(f"{checkout.resolve() / package}/" for package in packages)

    def place(filename: str) -> str | None:
        return str(Path(filename).relative_to(checkout.resolve())) if filename.startswith(inside) else None

    return place


def _arguments(frame: FrameType) -> tuple[Any, ...]:
    code = frame.f_code
    count = code.co_argcount + code.co_kwonlyargcount
    count += bool(code.co_flags & _WITH_ARGS) + bool(code.co_flags & _WITH_KEYWORDS)
    known = frame.f_locals
    return tuple(known[name] for name in code.co_varnames[:count] if name in known)
