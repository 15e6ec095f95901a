"""Every value becomes one line of valid JSON."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from daemon.process.json_text import json_text

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary()
values = st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner))


def refuse(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


@given(values)
def test_any_value_is_valid_json_on_one_line(value: object) -> None:
    text = json_text(value)
    assert "\n" not in text
    json.loads(text, parse_constant=refuse)
    text.encode("utf-8")


def test_numbers_of_numpy_and_paths_are_shown() -> None:
    assert (
        json_text({"loss": np.float32(0.5), "rows": np.arange(2), "at": Path("/a")})
        == '{"loss":0.5,"rows":[0,1],"at":"/a"}'
    )
