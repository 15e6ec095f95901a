from __future__ import annotations

from daemon.config.errors import ConfigError, Problem, TextPosition


def test_a_problem_shows_its_line_with_a_caret() -> None:
    problem = Problem(
        "f.yaml", TextPosition(2, 5), ("a", 0, "rowz"), "unknown key", suggestion="rows", source_line="  - rowz: 1"
    )
    assert str(problem).splitlines() == [
        'f.yaml:2:5: a[0].rowz: unknown key; did you mean "rows"?',
        "      - rowz: 1",
        "        ^",
    ]


def test_problems_come_in_the_order_of_the_file() -> None:
    places = [TextPosition(9, 1), TextPosition(2, 7), TextPosition(2, 3), TextPosition(10, 1)]
    error = ConfigError([Problem("f", place, (), "wrong") for place in places])
    assert [problem.position for problem in error.problems] == sorted(places)


def test_a_secret_in_the_offending_line_is_not_shown() -> None:
    for line in ("pasword: hunter2", "  ssl_password: 'hunter2' # x", '{type: kafka, "api_token": hunter2}'):
        shown = str(Problem("f", TextPosition(1, 1), (), "wrong", source_line=line))
        assert "hunter2" not in shown
        assert "[redacted]" in shown


def test_a_terminal_is_not_disturbed_by_what_a_file_holds() -> None:
    shown = str(Problem("f", TextPosition(1, 2), ("\x1b[2J",), "\ud800 \x07", source_line="\x1b]0;x\x07 y"))
    assert all(c.isprintable() or c == "\n" for c in shown)


def test_a_long_line_is_cut_around_the_place() -> None:
    shown = str(Problem("f", TextPosition(1, 5000), (), "wrong", source_line="x" * 4999 + "Y" + "x" * 5000))
    _, line, caret = shown.splitlines()
    assert len(line) < 150
    assert line[caret.index("^")] == "Y"
