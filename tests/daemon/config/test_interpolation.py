from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from daemon.config.interpolation import InterpolationError, escape, interpolate

NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]*", fullmatch=True)


@given(st.text())
def test_an_escaped_text_comes_back_as_it_was(text: str) -> None:
    assert interpolate(escape(text), {}) == text


@given(NAMES, st.text(min_size=1), st.text(), st.text())
def test_a_variable_is_replaced_once_and_what_it_holds_is_not_looked_into(
    name: str, value: str, before: str, after: str
) -> None:
    text = f"{escape(before)}${{{name}}}{escape(after)}"
    assert interpolate(text, {name: value}) == before + value + after


@given(st.text())
def test_any_text_is_replaced_or_refused(text: str) -> None:
    try:
        interpolate(text, {})
    except InterpolationError:
        assert "${" in text


@pytest.mark.parametrize(
    ("text", "environ", "expected"),
    [
        ("${A:-fallback}", {}, "fallback"),
        ("${A:-fallback}", {"A": ""}, "fallback"),
        ("${A:-fallback}", {"A": "set"}, "set"),
        ("${A:-}", {}, ""),
        ("${A}", {"A": ""}, ""),
        ("${A:?needed}", {"A": "set"}, "set"),
        ("${A:-b:-c}", {}, "b:-c"),
        ("$$${A}", {"A": "x"}, "$x"),
        ("^plant-.*$", {}, "^plant-.*$"),
        ("$A costs $5", {"A": "x"}, "$A costs $5"),
    ],
)
def test_each_form_does_as_in_a_shell(text: str, environ: dict[str, str], expected: str) -> None:
    assert interpolate(text, environ) == expected


@pytest.mark.parametrize(
    ("text", "environ", "words"),
    [
        ("${A}", {}, "variable A is not set"),
        ("${A:?set it in the unit file}", {}, "variable A: set it in the unit file"),
        ("${A:?set it}", {"A": ""}, "variable A: set it"),
        ("${A:?}", {"A": ""}, "variable A is empty"),
        ("${A", {}, "is not a variable"),
        ("${1A}", {}, "is not a variable"),
        ("${}", {}, "is not a variable"),
        ("${A-b}", {}, "is not a variable"),
        ("${A:-${B}}", {}, "is not a variable"),
    ],
)
def test_what_cannot_be_replaced_is_refused_by_name(text: str, environ: dict[str, str], words: str) -> None:
    with pytest.raises(InterpolationError, match=words):
        interpolate(text, environ)
