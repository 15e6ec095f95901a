from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.decoders.number_text import NumberText, only_plain, text_is_no_number

TEXTS = st.one_of(
    st.text(alphabet="0123456789.,eE+-_ '\t\n\x0b１naif", max_size=12),
    st.floats().map(repr),
    st.integers().map(str),
)


@given(text=TEXTS)
def test_float_reads_what_is_let_through_as_it_is_read_here(text: str) -> None:
    try:
        number = float(text) if only_plain([text]) else None
    except ValueError:
        number = None
    if number is not None and abs(number) < float("inf"):
        assert NumberText().read(text) == number


@given(number=st.floats(allow_nan=False, allow_infinity=False), decimal=st.sampled_from(".,"))
def test_every_float_is_read_back_with_either_decimal_sign(number: float, decimal: str) -> None:
    assert NumberText(decimal=decimal).read(repr(number).replace(".", decimal)) == number


@given(number=st.integers(-(10**12), 10**12))
def test_groups_of_three_digits_are_read_with_their_separator_alone(number: int) -> None:
    written = f"{number:,},5".replace(",", ".", f"{number:,}".count(","))
    assert NumberText(decimal=",", thousands=".").read(written) == float(f"{number}.5")


@pytest.mark.parametrize(
    ("text", "decimal", "thousands"),
    [
        ("1,5", ".", None),
        ("1.5", ",", None),
        ("1,23", ".", ","),
        ("1234,567", ".", ","),
        ("1.234.5", ",", "."),
        ("10_20", ".", None),
        ("１２", ".", None),
        ("", ".", None),
        ("-", ".", ","),
        ("1e", ".", None),
    ],
)
def test_what_does_not_fit_the_declaration_is_no_number(text: str, decimal: str, thousands: str | None) -> None:
    assert NumberText(decimal=decimal, thousands=thousands).read(text) is None


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("0,5", "decoder.decimal: ','"),
        ("1,234.5", "thousands: ','"),
        ("1.234,5", "decoder.decimal: ',' and thousands: '.'"),
        ("n/a", "null_values"),
    ],
)
def test_a_rejected_text_says_with_which_separators_it_would_be_a_number(text: str, remedy: str) -> None:
    assert remedy in str(text_is_no_number(text, "power"))
