"""What the text of a module says of its classes, and what importing it says: the same, wherever the text tells."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import pytest
from torch import nn

from connectors.own.kind import OwnClassError, import_own
from connectors.own.look import look_at_own
from connectors.source import Source
from strategies.strategy import Strategy

if TYPE_CHECKING:
    from pathlib import Path

NAME = "kinds_of_mine"
MODULE = """\
from __future__ import annotations
from typing import TYPE_CHECKING
import strategies.strategy as s
import torch
from torch import nn
from torch.nn import Sequential
from strategies.replay import Replay
from connectors.files.source import FileSource
from .sources import Everything, Half
if TYPE_CHECKING:
    from connectors.source import Source

class Direct(s.Strategy): ...
class Deep(Replay): ...
class Net(nn.Module): ...
class Layers(Sequential): ...
class Sub(FileSource): ...
class Whole(Everything): ...
class Less(Half): ...
class Words(dict): ...
NUMBER = 3

def net(**given) -> nn.Module: ...
def source(options) -> Source: ...
def unsaid(options): ...
def exit(options) -> int: ...
"""
SOURCES = """\
class Half:
    def open(self, snapshot): ...
    def poll(self, max_records, timeout_seconds): ...

class Everything(Half):
    def snapshot(self): ...
    def commit(self, snapshot): ...
    status = close = lambda self: None
"""
KINDS = {"Source": Source, "Strategy": Strategy, "Module": nn.Module}
GOOD = [
    ("Direct", "Strategy"),
    ("Deep", "Strategy"),
    ("Net", "Module"),
    ("Layers", "Module"),
    ("Sub", "Source"),
    ("Whole", "Source"),
    ("Everything", "Source"),
    ("net", "Module"),
    ("source", "Source"),
]
BAD = [
    ("Less", "Source"),
    ("Half", "Source"),
    ("Direct", "Source"),
    ("Net", "Source"),
    ("Whole", "Strategy"),
    ("Words", "Source"),
    ("Whole", "Module"),
    ("NUMBER", "Source"),
    ("unsaid", "Source"),
    ("exit", "Source"),
    ("nn", "Module"),
    ("Missing", "Source"),
]
ONLY_WHEN_IMPORTED = {"Words", "NUMBER", "exit", "nn"}


@pytest.fixture(autouse=True)
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / NAME
    folder.mkdir()
    (folder / "__init__.py").write_text(MODULE)
    (folder / "sources.py").write_text(SOURCES)
    monkeypatch.syspath_prepend(tmp_path)


@pytest.mark.parametrize(("name", "kind"), GOOD)
def test_what_is_asked_for_is_taken(name: str, kind: str) -> None:
    look_at_own(f"{NAME}:{name}", KINDS[kind])
    assert import_own(f"{NAME}:{name}", KINDS[kind]) is getattr(import_module(NAME), name)


@pytest.mark.parametrize(("name", "kind"), BAD)
def test_what_is_something_else_is_refused(name: str, kind: str) -> None:
    with pytest.raises(OwnClassError):
        import_own(f"{NAME}:{name}", KINDS[kind])
    if name not in ONLY_WHEN_IMPORTED:
        with pytest.raises(OwnClassError):
            look_at_own(f"{NAME}:{name}", KINDS[kind])


@pytest.mark.parametrize("module", ["os", "os.path", "posix", "subprocess", "importlib.util", "ctypes"])
def test_modules_of_python_itself_are_not_even_looked_into(module: str) -> None:
    for ask in (look_at_own, import_own):
        with pytest.raises(OwnClassError, match="a module of Python itself"):
            ask(f"{module}:system", Source)
