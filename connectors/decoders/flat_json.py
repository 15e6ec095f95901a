"""Flat JSON events of known fields, parsed into typed values without a dict or a look-up per value.

msgspec checks fields that it skips less strictly than orjson (it does not notice 1e400 there, nor bytes that are
not UTF-8). So nothing is skipped: an event with any other field is refused here. What is accepted has the same
values either way, but for whole numbers beyond 64 bits that are no features: exact here, rounded by orjson.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

MOST_FIELDS = 32  # msgspec tries all fields for a name that comes out of order, so time grows with their square
PLAIN_NAME = re.compile(r'[^."\\\x00-\x1f]*')

Feature = float | bool | None
Other = str | int | float | bool | None


def flat_reader(
    features: Sequence[str], others: Sequence[str]
) -> Callable[[Sequence[bytes]], list[tuple[Any, ...]]] | None:
    """Return a function from events to the values of ``features`` and ``others`` of each, None where absent.

    It raises ``ValueError`` where an event is anything but a flat object of some of these fields, features being
    numbers or booleans. There is no such function for names with dots or escapes, two uses of one field, or very
    many fields.

    >>> read = flat_reader(["temp", "on"], ["fault"])
    >>> read([b'{"temp": 21, "on": true}', b'{"fault": "leak", "temp": 21.5, "on": null}'])
    [(21.0, True, None), (21.5, None, 'leak')]
    """
    names = [*features, *others]
    if len(names) > MOST_FIELDS or len(set(names)) < len(names) or not all(map(PLAIN_NAME.fullmatch, names)):
        return None
    # Any text may name a field of JSON, but not an attribute.
    attributes = [f"field_{place}" for place in range(len(names))]
    kinds = [Feature] * len(features) + [Other] * len(others)
    event = msgspec.defstruct(
        "Event",
        [(attribute, kind, None) for attribute, kind in zip(attributes, kinds, strict=True)],
        rename=dict(zip(attributes, names, strict=True)),
        forbid_unknown_fields=True,
        gc=False,
    )
    decode = msgspec.json.Decoder(event).decode
    return lambda values: list(map(msgspec.structs.astuple, map(decode, values)))
