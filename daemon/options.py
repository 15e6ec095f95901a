"""What the options of every section stand on: sections, shares, and lengths of time as people write them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

Share = Annotated[float, Field(ge=0, lt=1)]


class Section(BaseModel):
    """A part of the configuration: immutable, unknown keys refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


def as_written(model: BaseModel) -> dict[str, Any]:
    """Return a section's values under their keys in YAML: ``from`` is a word of Python's own, and an alias here."""
    fields = type(model).model_fields
    return {fields[name].alias or name if name in fields else name: value for name, value in model}


UNIT_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}
WORD_SECONDS = {"minute": 60, "hour": 3_600, "day": 86_400, "week": 604_800, "year": 31_556_952}
_WORD_OF = {float(seconds): word for word, seconds in WORD_SECONDS.items()}
_WRITTEN = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")


def parse_duration(value: Any) -> Any:
    """Return the seconds that ``value`` means where it is text; anything else is returned as it is.

    Text is a number with a unit (s, m, h, d, w) or one of the words minute, hour, day, week and year
    (365.2425 days). Raises ``ValueError`` for other text.

    >>> parse_duration("1.5h"), parse_duration("week"), parse_duration(10)
    (5400.0, 604800.0, 10)
    """
    if not isinstance(value, str):
        return value
    text = value.strip().lower()
    if text in WORD_SECONDS:
        return float(WORD_SECONDS[text])
    if written := _WRITTEN.fullmatch(text):
        return float(written[1]) * UNIT_SECONDS[written[2]]
    raise ValueError(f"{value!r} is not a length of time; write 90s, 15m, 1h, 1d, 2w, or hour, day, week, year")


def duration_name(seconds: float) -> str:
    """Return the word for a length of time, or the number of seconds where there is none.

    >>> duration_name(86400.0), duration_name(0.5)
    ('day', '0.5')
    """
    return _WORD_OF.get(seconds, f"{seconds:.17g}")


_Input = (
    float
    | Annotated[str, Field(pattern=r"^\d+(\.\d+)?\s*[smhdw]$")]
    | Literal["minute", "hour", "day", "week", "year"]
)
Duration = Annotated[float, Field(gt=0), BeforeValidator(parse_duration, json_schema_input_type=_Input)]
"""Seconds; in YAML a number of seconds or text such as 1h."""
