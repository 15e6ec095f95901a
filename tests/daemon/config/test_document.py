from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.document import MAX_BYTES, MAX_VALUES, Document, parse
from daemon.config.errors import ConfigError, Problem, TextPosition


def read(text: str, **environ: str) -> Document:
    return parse(text.encode(), file="a.yaml", environ=environ)


def refusal(data: bytes | str) -> Problem:
    with pytest.raises(ConfigError) as caught:
        parse(data.encode() if isinstance(data, str) else data, file="a.yaml", environ={})
    (problem,) = caught.value.problems
    return problem


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("5.", 5.0),
        (".5", 0.5),
        ("-12", -12),
        ("007", 7),
        ("0x1F", 31),
        ("0o17", 15),
        ("-.inf", float("-inf")),
        ("True", True),
        ("~", None),
        ("null", None),
        ("no", "no"),
        ("on", "on"),
        ("12:30:00", "12:30:00"),
        ("2026-11-21", "2026-11-21"),
        ('"1"', "1"),
        ("!!str 1", "1"),
        ("1.2.3", "1.2.3"),
    ],
)
def test_a_plain_scalar_means_what_yaml_1_2_says(text: str, value: Any) -> None:
    found = read(f"key: {text}").value["key"]
    assert (type(found), found) == (type(value), value)


def test_every_key_and_value_remembers_its_line_and_column() -> None:
    document = read("a: 1\nlist:\n  - x\n  - {b: 2}\n")
    assert document.position(("a",)) == TextPosition(1, 4)
    assert document.key_position(("a",)) == TextPosition(1, 1)
    assert document.position(("list", 0)) == TextPosition(3, 5)
    assert document.position(("list", 1, "b")) == TextPosition(4, 9)
    assert document.key_position(("list", 1, "b")) == TextPosition(4, 6)


def test_what_is_absent_is_where_its_section_is() -> None:
    document = read("a: 1\nsection:\n  b: 2\n")
    assert document.position(("section", "missing", "deeper")) == TextPosition(2, 1)
    assert document.position(("nowhere",)) == TextPosition(1, 1)


def test_a_variable_never_becomes_structure() -> None:
    document = read("a: ${A}\nb: [${B}, x]".replace("[${B}", '["${B}"'), A="{x: 1}", B="1, 2\n- 3")
    assert document.value == {"a": "{x: 1}", "b": ["1, 2\n- 3", "x"]}


def test_keys_and_comments_are_not_interpolated() -> None:
    assert read("${A}: 1 # ${B}").value == {"${A}": 1}


@given(st.text())
def test_the_value_of_a_variable_comes_through_unchanged(value: str) -> None:
    assert read("a: ${A:-}", A=value).value == {"a": value}


def test_a_duplicate_key_is_a_problem_at_the_second_one() -> None:
    document = read("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n")
    (problem,) = document.problems
    assert (problem.position, problem.path) == (TextPosition(5, 3), ("b", "c"))
    assert "line 3" in problem.message
    assert document.value == {"a": 1, "b": {"c": 1, "d": 2}}


@pytest.mark.parametrize(
    ("text", "position", "words"),
    [
        ("a: ${NOPE}", TextPosition(1, 4), "variable NOPE is not set"),
        ("a: !!python/object:os.system x", TextPosition(1, 4), "cannot be read here"),
        ("a: !!timestamp 2026-01-01", TextPosition(1, 4), "cannot be read here"),
        ("a: !!int x", TextPosition(1, 4), "cannot be read here"),
        ("a: !!set {x: }", TextPosition(1, 4), "cannot be read here"),
        ("[x]: 1", TextPosition(1, 1), "a key must be a word"),
        ("a: &a [*a]", TextPosition(1, 4), "alias within itself"),
    ],
)
def test_a_value_that_cannot_be_read_is_a_problem_at_its_place(
    text: str, position: TextPosition, words: str
) -> None:
    (problem,) = read(text).problems
    assert problem.position == position
    assert words in problem.message


@pytest.mark.parametrize(
    ("data", "position", "words"),
    [
        ("a: [1, 2\nb: 3\n", TextPosition(2, 2), "not valid YAML"),
        ("a: 1\n\tb: 2\n", TextPosition(2, 1), "indent with spaces"),
        ("a: {b: ${B}}", TextPosition(1, 9), 'put "${VAR}" in quotes'),
        ("a: 1\n---\nb: 2\n", TextPosition(2, 1), "not valid YAML"),
        ("a: *nowhere", TextPosition(1, 4), "not valid YAML"),
        ("", TextPosition(1, 1), "retaind init"),
        ("# only a comment\n", TextPosition(1, 1), "retaind init"),
        (b"a: 1\nb: \xff", TextPosition(2, 4), "not UTF-8"),
        ("a: 1\nb: \x07", TextPosition(2, 4), "U+0007"),
        ('a: "\\UFFFFFFFF"', TextPosition(1, 1), "not valid YAML"),
        ("[" * 1000, TextPosition(1, 1), "nested too deeply"),
        (b" " * (MAX_BYTES + 1), None, "larger than"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_place(
    data: bytes | str, position: TextPosition | None, words: str
) -> None:
    problem = refusal(data)
    assert problem.position == position
    assert words in problem.message


def test_a_bomb_of_aliases_is_refused_before_it_unfolds() -> None:
    levels = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    levels += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert f"more than {MAX_VALUES} values" in refusal("\n".join(levels)).message


def test_an_alias_is_an_ordinary_value() -> None:
    assert read("a: &x {b: 1}\nc: *x\n").value == {"a": {"b": 1}, "c": {"b": 1}}


def test_aliases_count_as_often_as_they_are_used() -> None:
    hundred = f"a: &a [{', '.join('x' * 100)}]\n"
    assert len(read(hundred + f"b: [{', '.join(['*a'] * 190)}]").value["b"]) == 190
    assert "aliases written out" in refusal(hundred + f"b: [{', '.join(['*a'] * 200)}]").message


SECRET = "Secr3tPass"  # noqa: S105 - of nobody


@pytest.mark.parametrize(
    "text",
    [
        f"p: *{SECRET}",
        f"p: &{SECRET}\nq: &{SECRET} 1",
        f"p: !{SECRET} x",
        f"p: !!{SECRET} x",
        f"p: !h!{SECRET} x",
        f"p: !<{SECRET} x",
        f"p: ${{{SECRET}",
        f"p: '{SECRET}",
        f'p: "\\q{SECRET}"',
        f"p: @{SECRET}",
        f"p: `{SECRET}",
        f"p: %{SECRET}",
        f"p: |{SECRET}\n x",
        f"p: [{SECRET}, b",
        f"p: {SECRET}: {SECRET}",
        f"p: {SECRET}\n  b: 1",
        f"p: {{{SECRET}\nq: 1",
        f"%{SECRET}\np: 1",
        f"%TAG {SECRET} x\n---\np: 1",
        f"p: {SECRET}\x07",
        f"sasl_plain_password: [${{{SECRET}, x]",
        f"sasl_plain_password:\n  - !x {SECRET}",
    ],
)
def test_no_message_about_yaml_repeats_what_may_be_a_secret(text: str) -> None:
    try:
        found = [str(problem) for problem in read(text).problems]
    except ConfigError as error:
        found = [str(error)]
    assert found
    assert SECRET not in "".join(found)
    assert all(problem.startswith("a.yaml:") for problem in found)


def test_a_merge_key_is_refused_by_its_name_wherever_it_is() -> None:
    document = read("base: &base {a: 1}\nsource:\n  <<: *base\n  b: 2\n")
    (problem,) = document.problems
    assert (problem.position, problem.path) == (TextPosition(3, 3), ("source",))
    assert "merge keys (<<) are not read here" in problem.message
    assert document.value["source"] == {"b": 2}
