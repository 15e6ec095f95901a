from __future__ import annotations

from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from daemon.options import Duration

ADAPTER: TypeAdapter[float] = TypeAdapter(Duration)


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        (2, 2.0),
        (0.25, 0.25),
        ("90s", 90.0),
        ("15 m", 900.0),
        ("1.5h", 5_400.0),
        ("2w", 1_209_600.0),
        ("Day", 86_400.0),
    ],
)
def test_a_duration_is_read_as_seconds(written: Any, seconds: float) -> None:
    assert ADAPTER.validate_python(written) == seconds


@pytest.mark.parametrize("written", ["", "h", "1 month", "-1h", "0s", 0, -2, None])
def test_what_is_no_duration_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError):
        ADAPTER.validate_python(written)


def test_the_schema_for_editors_allows_numbers_units_and_words() -> None:
    kinds = ADAPTER.json_schema()["anyOf"]
    assert [kind["type"] for kind in kinds] == ["number", "string", "string"]
