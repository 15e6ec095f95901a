"""What is erased is nowhere in the state directory, whatever a configuration keeps, and whenever a process dies."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from daemon.build.erasing import erase, finish_erasing
from daemon.build.restored import restored
from daemon.learning.stopwatch import Stopwatch
from daemon.state.audit_log import AuditLog
from daemon.state.checkpoints import CheckpointStore
from daemon.state.erasure_request import ErasureRequest
from daemon.state.key_digests import KeyDigests
from daemon.state.state_error import DamagedError
from daemon.state.state_tree import copy_tree
from strategies.row_holder import Gone
from tests.daemon.erasure.planted import SUBJECT, config_of, learned, planted, traces
from tests.daemon.lives import SMALL
from tests.daemon.same_state import assert_same_state

if TYPE_CHECKING:
    from daemon.config.schema import Config

LAGS = {"lags": [{"field": "a", "steps": [1, 2]}], "label_lags": 2, "per_key": True}
REQUEST = ErasureRequest((SUBJECT,), by="a test")

CASES: dict[str, tuple[bool, dict[str, Any]]] = {
    "classes, a committee": (False, {"committee": {}, "strategies": [{"type": "replay", "rows": 30}]}),
    "numbers, a committee, histories": (True, {"committee": {}, "features": LAGS, "anomalies": {}}),
    "ewc and mas": (False, {"strategies": [{"type": "ewc"}, {"type": "mas"}]}),
    "der and a-gem": (False, {"strategies": [{"type": "der", "rows": 30}, {"type": "agem", "rows": 30}]}),
    "cls-er in float16": (False, {"strategies": [{"type": "cls_er", "rows": 30, "storage": "float16"}]}),
    "balanced by task": (False, {"strategies": [{"type": "replay", "rows": 30, "policy": "task_balanced"}]}),
    "fewer steps than blocks": (False, {"learner": {"batch": 8, "updates_per_event": 0.05}}),
    "labels from the stream": (
        True,
        {
            "label": {"from": "stream", "field": "a", "ahead": 9, "as": "difference", "coverage": 0.9},
            "features": {"label_lags": 2},
            "committee": {},
        },
    ),
    "two targets": (
        True,
        {
            "targets": [{"field": "a", "ahead": 3}, {"field": "b", "ahead": "5s"}],
            "features": {"label_lags": 2, "per_key": True},
            "companions": {"naive": None, "frozen": None},
        },
    ),
    "a budget, for which rows are kept twice": (
        False,
        {"retention": SMALL["retention"] | {"probe_share": 0.3, "budget": 0.05}},
    ),
    "categories": (False, {"features": {"categories": {"kind": {"max": 4}}}}),
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_erased_is_nowhere_and_what_is_learned_then_is_the_same_after_a_restart(
    case: str, tmp_path: Path
) -> None:
    numbers, sections = CASES[case]
    config = config_of(tmp_path, sections, numbers=numbers)
    life = learned(config, tmp_path, numbers=numbers)
    assert traces(tmp_path) != []
    lived = life.loop.pipeline
    erasure = erase(config, life.store, REQUEST)
    assert traces(tmp_path) == []
    assert sum(erasure.removed.values()) > 10
    assert life.store.generations() == [erasure.generation]

    lived.forget(Gone.of_keys([SUBJECT]))
    again = restored(config, life.store.require_newest().saved, stopwatch=Stopwatch())
    assert_same_state(copy_tree(again.state_dict()), copy_tree(lived.state_dict()))
    rest = planted(numbers=numbers, rows=250)[199:]
    for pipeline in (lived, again):
        pipeline.process(rest)
    assert_same_state(copy_tree(again.state_dict()), copy_tree(lived.state_dict()))


class Died(BaseException):
    """The process died here."""


STEPS = ("rename", "replace", "unlink", "touch", "open")
"""Of files, by ``Path``: before each of them a process may die."""


def test_a_process_that_dies_at_any_step_leaves_a_request_that_the_next_one_finishes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, directory = tmp_path / "before", tmp_path / "state"
    config = config_of(directory, {"strategies": [{"type": "replay", "rows": 30}]})
    learned(config, directory)
    directory.rename(before)
    deaths = 0
    while _dies(config, before, directory, monkeypatch, at=deaths):
        deaths += 1
        if ErasureRequest.pending(directory) is not None:
            finish_erasing(config, CheckpointStore(directory, keep=3))
            assert traces(directory) == []
            assert AuditLog(directory).erasures()[-1].by == REQUEST.by
        assert_whole(config, directory)
    assert deaths > 15
    assert traces(directory) == []


def _dies(config: Config, before: Path, directory: Path, monkeypatch: pytest.MonkeyPatch, *, at: int) -> bool:
    """Erase in a copy of a state, and die before the step with this number; return whether there was one."""
    shutil.rmtree(directory, ignore_errors=True)
    shutil.copytree(before, directory)
    left = at

    def dying(step: str) -> Any:
        real = getattr(Path, step)

        def act(self: Path, *arguments: Any, **options: Any) -> Any:
            nonlocal left
            reads = step == "open" and (arguments or ("r",))[0] in {"r", "rb"}
            if directory in self.parents and not reads:
                if left == 0:
                    raise Died
                left -= 1
            return real(self, *arguments, **options)

        return act

    with monkeypatch.context() as patched:
        for step in STEPS:
            patched.setattr(Path, step, dying(step))
        try:
            erase(config, CheckpointStore(directory, keep=3), REQUEST)
        except Died:
            return True
    return False


def assert_whole(config: Config, directory: Path) -> None:
    store = CheckpointStore(directory, keep=3)
    store.prepare()
    restored(config, store.require_newest().saved, stopwatch=Stopwatch())


def test_erasing_again_changes_nothing_and_the_log_shows_a_changed_line(tmp_path: Path) -> None:
    config = config_of(tmp_path, {"strategies": [{"type": "replay", "rows": 30}]})
    store = learned(config, tmp_path).store
    first, second = erase(config, store, REQUEST), erase(config, store, REQUEST)
    assert first.removed
    assert first.removed["dead letters"] == 1
    assert not second.removed
    log = AuditLog(tmp_path)
    assert [each.generation for each in log.erasures()] == [first.generation, second.generation]
    assert log.erasures()[0].keys == [KeyDigests(tmp_path).of(SUBJECT)]
    log.path.write_bytes(log.path.read_bytes().replace(b'"probe sets": ', b'"probe sets": 1'))
    with pytest.raises(DamagedError, match=r"audit\.jsonl:1 "):
        log.verify()
