from __future__ import annotations

import re
from io import StringIO

from rich.console import Console

from daemon.demo.configuration import NAIVE, RETAIND
from daemon.demo.learning import Standing
from daemon.demo.progress import progress_on

FIRST = Standing(events=1_000, seconds=0.5, regime="night", accuracy=0.5)
SECOND = Standing(events=3_000, seconds=1.0, regime="night", accuracy=0.75)
THIRD = Standing(events=4_000, seconds=2.0, regime="warm_up", accuracy=None)


def shown(*, terminal: bool) -> str:
    console = Console(file=StringIO(), width=80, force_terminal=terminal, color_system=None, highlight=False)
    with progress_on(console, events=4_000) as progress:
        for standing in (FIRST, SECOND, THIRD):
            progress.show(NAIVE, standing)
        progress.show(RETAIND, SECOND)
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def test_a_terminal_shows_a_bar_a_learner_and_where_it_stands() -> None:
    *_, heading, naive, retaind = re.sub(r"\x1b\[[?\d;]*[a-zA-Z]", "", shown(terminal=True)).rstrip().splitlines()
    assert heading.split() == ["learner", "events", "events/s", "regime", "accuracy"]
    assert naive.split() == ["naive", "━" * 24, "4,000", "2,000", "warm_up"]
    name, bar, *figures = retaind.split()
    assert (name, figures) == ("retaind", ["3,000", "3,000", "night", "75.0%"])
    assert 17 <= bar.count("━") <= 24
    assert max(len(line.rstrip()) for line in (heading, naive, retaind)) <= 80


def test_a_file_gets_a_line_for_each_regime_and_no_control_codes() -> None:
    lines = shown(terminal=False).splitlines()
    ends = [(line.split()[0], line.split()[-1]) for line in lines]
    assert ends == [("naive", "night"), ("naive", "warm_up"), ("retaind", "night")]
    assert lines[0] == "naive     1,000 events,  2,000/s, accuracy  50.0%, now night"
    assert not any("\x1b" in line or len(line) > 80 for line in lines)
