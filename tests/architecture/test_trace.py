from __future__ import annotations

import sys
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from tests.architecture.follower import Follower
from tests.architecture.marker import Marker
from tests.architecture.plan import Plan
from tests.architecture.rooms import folder
from tests.architecture.trace import main
from tests.architecture.way import Landmark, Way

if TYPE_CHECKING:
    from pathlib import Path

INN = {
    "guest.py": """
        from inn.kitchen.cook import cook
        def order(egg):
            return cook(egg)
    """,
    "kitchen/cook.py": """
        from inn.hall import table
        from .pan import fry
        def cook(egg):
            table.lay()
            return max([fry(egg)], key=table.taste)
    """,
    "kitchen/pan.py": """
        def fry(egg):
            if egg is None:
                raise LookupError("no egg")
            return {"fried": egg}
    """,
    "hall/table.py": """
        def lay():
            pass
        def taste(dish):
            import inn.hall.salt
            return 1
    """,
    "hall/salt.py": """
        import inn.hall.table
        inn.hall.table.lay()
    """,
}
"""Two rooms and a loose module."""
GUEST, COOK, PAN, TABLE = "inn/guest.py", "inn/kitchen/cook.py", "inn/kitchen/pan.py", "inn/hall/table.py"


@pytest.fixture
def inn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The loose module of a made-up package in the test's directory."""
    for name, source in INN.items():
        path = tmp_path / "inn" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source.replace("\n        ", "\n"), encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "modules", {name: it for name, it in sys.modules.items() if name[:3] != "inn"})
    return import_module("inn.guest")


def counts(way: Way) -> tuple[int, int, int]:
    return way.files, len(way.rooms(by=folder)), way.moves(by=folder)


def test_a_way_is_every_call_and_return_between_files_and_no_import(tmp_path: Path, inn: Any) -> None:
    with Follower(tmp_path, packages=["inn"]).follow() as steps:
        inn.order(7)
    way = Way.of("egg", steps)
    assert way.places == (GUEST, COOK, TABLE, COOK, PAN, COOK, TABLE, COOK, GUEST)
    assert counts(way) == (4, 3, 6)
    assert way.rooms(by=folder) == {"inn": [GUEST], "inn/kitchen": [COOK, PAN], "inn/hall": [TABLE]}


def test_a_value_is_followed_into_what_holds_it_and_not_where_it_is_unknown(tmp_path: Path, inn: Any) -> None:
    with Follower(tmp_path, packages=["inn"], marker=Marker(7)).follow() as steps:
        inn.order(7)
    marked = [(step.function, step.returns) for step in steps if step.marked]
    assert marked == [
        ("order", False),
        ("cook", False),
        ("fry", False),
        ("fry", True),
        ("taste", False),
        ("cook", True),
        ("order", True),
    ]


def test_an_error_ends_the_calls_that_it_passes_through(tmp_path: Path, inn: Any) -> None:
    with Follower(tmp_path, packages=["inn"]).follow() as steps:
        with pytest.raises(LookupError):
            inn.order(None)
        failed = len(steps)
        inn.order(7)
    assert Way.of("no egg", steps[:failed]).places == (GUEST, COOK, TABLE, COOK, PAN, COOK, GUEST)
    assert counts(Way.of("egg", steps[failed:])) == (4, 3, 6)


def test_a_thread_has_calls_of_its_own(tmp_path: Path, inn: Any) -> None:
    with Follower(tmp_path, packages=["inn"]).follow() as steps:
        thread = threading.Thread(target=inn.order, args=(7,))
        thread.start()
        thread.join()
    assert {step.main_thread for step in steps} == {False}
    assert counts(Way.of("egg", steps)) == (4, 3, 6)


def test_a_landmark_that_was_not_passed_is_named(tmp_path: Path, inn: Any) -> None:
    with Follower(tmp_path, packages=["inn"]).follow() as steps:
        inn.order(7)
    assert steps[Landmark("inn/kitchen/", "fry").first(steps, returns=True)].caller == COOK
    with pytest.raises(LookupError, match=r"inn/hall/: fry was not called"):
        Landmark("inn/hall/", "fry").first(steps)


@pytest.mark.usefixtures("inn")
def test_a_plan_has_the_rooms_of_a_package_and_the_imports_between_them(tmp_path: Path) -> None:
    plan = Plan.of(tmp_path / "inn")
    assert plan.rooms(by=folder) == {"inn", "inn/kitchen", "inn/hall"}
    assert sorted(plan.crossings(by=folder)) == [("inn", "inn/kitchen"), ("inn/kitchen", "inn/hall")]
    assert (COOK, PAN) in plan.imports
    assert plan.loose == [GUEST]


def test_all_ways_of_this_checkout_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    main(["--list"])
    table, plan, *lists = capsys.readouterr().out.split("\n\n")
    ways = [line.rsplit(maxsplit=5) for line in table.splitlines()[1:]]
    assert len(ways) == len(lists) == 6
    assert all(int(count) > 0 for _, *figures in ways for count in figures)
    to_a_weight, to_the_metrics = ways[:2]
    assert int(to_a_weight[1]) < int(to_the_metrics[1])
    assert "  strategies: " in lists[0]
    assert "loose modules at the top: " in plan


def test_another_daemon_than_that_of_the_checkout_is_not_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(SystemExit, match="daemon is imported from"):
        main(["--checkout", str(tmp_path)])
