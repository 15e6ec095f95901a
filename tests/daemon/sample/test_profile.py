"""What is seen in a field, by what was sent."""

from __future__ import annotations

from typing import Any

import pytest

from daemon.sample.judgement import class_names, is_identifier, label_type, null_values, says_the_same
from daemon.sample.profile import profile

HOURS = [f"2024-05-01T{hour:02d}:00:00" for hour in range(24)]
MILLISECONDS = [str(1_700_000_000_000 + 60_000 * n) for n in range(50)]


@pytest.mark.parametrize(
    ("name", "values", "typed", "kind", "more"),
    [
        ("temp", ["20.5", "-3", "1e2"], False, "number", {"writing": "plain", "marks": {}}),
        ("temp", ["20.5", "", "NA", "n/a"], False, "number", {"absent": 1, "marks": {"NA": 1, "n/a": 1}}),
        ("temp", [20.5, None, 3], True, "number", {"absent": 1, "writing": "plain"}),
        ("temp", ["20.5", "3"], True, "number", {"writing": "text"}),
        ("price", ["1.234,5", "0,5", "12"], False, "number", {"writing": "decimal comma", "range": (0.5, 1234.5)}),
        ("price", ["1,234.5", "12", "1,000,000"], False, "number", {"writing": "thousands comma"}),
        ("wind", ["N", "S", "N"], False, "text", {"distinct": 2}),
        ("n", ["1_000", "2_000"], False, "text", {}),
        ("n", ["inf", "nan", "1"], False, "text", {}),
        ("plz", ["01234", "98765"], False, "text", {}),
        ("on", [True, False, None], True, "boolean", {"absent": 1}),
        ("tags", [[1, 2], None], True, "nested", {}),
        ("gone", ["", " "], False, "nothing", {"absent": 2}),
        ("when", HOURS, False, "time", {"clock": "iso"}),
        ("when", ["31.12.2024 10:00", "01.01.2025 11:00"], False, "time", {"clock": "other"}),
        ("x", MILLISECONDS, False, "time", {"clock": "milliseconds"}),
        ("ts", [1.7e9, 1.6e9], True, "time", {"clock": "seconds"}),
        ("amount", ["1700000000", "1600000000"], False, "number", {"clock": None}),
        ("CO", ["2", "3", "-200", "2.5", "-200"], False, "number", {"sentinel": -200.0}),
        ("depth", ["-150", "-200", "-250", "-200"], False, "number", {"sentinel": None}),
    ],
)
def test_a_field_is_what_its_values_are(
    name: str, values: list[Any], *, typed: bool, kind: str, more: dict[str, Any]
) -> None:
    field = profile(name, values, typed=typed)
    assert field.kind == kind
    assert {key: getattr(field, key) for key in more} == more


@pytest.mark.parametrize(
    ("name", "values", "why"),
    [
        ("", range(100), "numbers the rows"),
        ("row", range(1, 101), "numbers the rows"),
        ("deviceId", [7, 9] * 50, "named like an identifier"),
        ("serial", [12345678901234567890, 12345678901234567891], "whole numbers too large to be amounts"),
        ("energy_kwh", [10.5, 11.0, 12.5, 14.0], ""),
        ("humid", [1, 2, 3, 5], ""),
        ("counter", range(1000, 3000, 7), ""),
    ],
)
def test_a_name_is_told_from_an_amount(name: str, values: Any, why: str) -> None:
    assert is_identifier(profile(name, list(values))) == why


def test_few_whole_numbers_are_classes_and_many_numbers_an_amount() -> None:
    assert label_type(profile("y", [0, 1] * 50)) == "class"
    assert label_type(profile("y", [1.0, 2.0, 3.0] * 50)) == "class"
    assert label_type(profile("y", list(range(100)))) == "number"
    assert label_type(profile("y", [0.5, 1.5, 2.5] * 50)) == "number"
    assert label_type(profile("y", ["up", "down"])) == "class"
    assert class_names(profile("y", [1, 1.0, "1", "b"])) == ["1", "b"]


def test_what_stands_for_a_gap_is_listed_as_it_is_written() -> None:
    assert null_values(profile("CO", ["2", "3", "-200.0", "2.5", "-200.0", "NA"], typed=False)) == ["NA", "-200.0"]


def test_two_fields_that_say_the_same_are_found_in_other_words_and_units() -> None:
    classes = profile("class", ["no", "yes", "yes", "no"] * 20)
    assert says_the_same(profile("code", [0, 1, 1, 0] * 20), classes)
    assert not says_the_same(profile("code", [0, 1, 1, 1] * 20), classes)
    celsius = [n / 7 for n in range(200)]
    assert says_the_same(profile("f", [32 + 1.8 * n for n in celsius]), profile("c", celsius))
    assert not says_the_same(profile("f", [(n - 3) ** 2 for n in celsius]), profile("c", celsius))
