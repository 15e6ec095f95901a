"""Options of a decoder that make more of the data readable, each proposed only where this version has it.

A new way to read something is one line in the table of its kind: the forms that the option may have, the first that
the decoder accepts being taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from connectors import DECODERS
from daemon.intake.features.options import FeaturesSection
from daemon.sample.judgement import room_for

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.sample.clocks import Clock
    from daemon.sample.field_profile import FieldProfile, Writing

WRITINGS: Mapping[Writing, Sequence[dict[str, Any]]] = {
    "text": ({"numbers": "text"},),
    "decimal comma": ({"decimal": ",", "thousands": "."},),
    "thousands comma": ({"thousands": ","},),
}
"""By how numbers are written: what lets the decoder read them."""


def accepted(decoder: Mapping[str, Any], forms: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the first of an option's forms that a decoder takes beside its others, None where it takes none."""
    for form in forms:
        try:
            DECODERS[decoder["type"]].Options.model_validate({**decoder, **form})
        except ValidationError:
            continue
        return form
    return None


def categories(fields: Sequence[FieldProfile]) -> dict[str, Any]:
    """Return what the section ``features`` says to make features of text fields; empty where it cannot."""
    wanted = {"categories": {field.name: _category(field) for field in fields}}
    try:
        FeaturesSection.model_validate(wanted)
    except ValidationError:
        return {}
    return wanted if fields else {}


def _category(field: FieldProfile) -> dict[str, Any]:
    gaps = {"missing": "category"} if field.absent else {}
    return {"max": room_for(field.distinct), **gaps}


def time_unit(decoder: Mapping[str, Any], name: str, clock: Clock | None) -> dict[str, Any] | None:
    """Return the options that read a time; None where it cannot be read."""
    return accepted(decoder, [{"time": name, "time_unit": clock}])


def gaps(decoder: Mapping[str, Any], nulls: Mapping[str, Sequence[str]]) -> dict[str, Any]:
    """Return the option that lets texts stand for a missing value, by field where that can be said."""
    of_fields = {"fields": {name: {"null_values": list(texts)} for name, texts in nulls.items()}}
    everywhere = {"null_values": list(dict.fromkeys(["", *(text for texts in nulls.values() for text in texts)]))}
    return (accepted(decoder, [of_fields, everywhere]) or {}) if nulls else {}
