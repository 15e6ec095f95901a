"""What in the fields that are features, or are not, does not go with the configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.intake.features.options import FeaturesSection
from daemon.sample.judgement import is_category, is_identifier, null_values, room_for
from daemon.sample.remark import Remark, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.sample.field_profile import FieldProfile
    from daemon.sample.look import Look


def marks(look: Look) -> Iterator[Remark]:
    """Yield texts among numbers, and numbers that seem to stand for a missing one."""
    decoder: Any = look.config.decoder
    of_fields = getattr(decoder, "fields", {})
    for field in _features(look):
        of_all = getattr(decoder, "null_values", ("",))
        known = {str(text) for text in (*of_all, *getattr(of_fields.get(field.name), "null_values", ()))}
        new = [mark for mark in field.marks if mark not in known]
        if new:
            count = sum(field.marks[mark] for mark in new)
            yield Remark(
                ("decoder", "null_values"),
                f"{field.name!r} has {listed([repr(mark) for mark in new])} among its numbers, {count:,} times",
                f"set decoder.null_values to {['', *null_values(field)]} and decoder.missing to mean",
                fatal=True,
            )
        if field.sentinel is not None and f"{field.sentinel:g}" not in known:
            yield Remark(
                ("decoder", "null_values"),
                f"{field.name!r} has {field.sentinel:g} far from its other numbers, as if it meant a missing one",
                "list it in decoder.null_values where it does",
            )


def left_out(look: Look) -> Iterator[Remark]:
    """Yield fields that are no features though nobody has said so."""
    decoder: Any = look.config.decoder
    if decoder.type == "raw" or decoder.features is not None:
        return
    declared = getattr(look.config.features, "categories", {})
    others = decoder.named | set(look.trial.fields) | set(declared)
    for field in look.fields.values():
        if field.name in others:
            continue
        if is_category(field):
            yield Remark(
                ("decoder", "features"),
                f"{field.name!r} is left out, because it is text: {field.distinct} values,"
                f" such as {listed(field.examples)}",
                remedy_for_category(field),
            )
        elif field.kind in ("number", "boolean"):
            yield Remark(
                ("decoder", "features"),
                f"{field.name!r} is left out, because the first event has no number there",
                "list the fields that matter in decoder.features",
                fatal=True,
            )


def remedy_for_category(field: FieldProfile) -> str:
    """Return what makes a feature of a text field with few values, as far as this version has it."""
    if "categories" in FeaturesSection.model_fields:
        return f"declare it in features.categories: {{{field.name}: {{max: {room_for(field.distinct)}}}}}"
    return "send it as numbers, one field per value, if it matters; list decoder.features if it does not"


def identifiers(look: Look) -> Iterator[Remark]:
    """Yield names that are taken for amounts."""
    decoder: Any = look.config.decoder
    if getattr(decoder, "features", None) is not None:
        return
    for field in _features(look):
        why = is_identifier(field)
        if why:
            yield Remark(
                ("decoder", "features"),
                f"{field.name!r} is taken as a feature, and {why}",
                "list the fields that matter in decoder.features, or name it as decoder.key",
            )


def _features(look: Look) -> list[FieldProfile]:
    """Return the fields that are features, and those that would be but for some text among their numbers."""
    decoder: Any = look.config.decoder
    named = getattr(decoder, "features", None)
    names = look.fields if named is None else named
    fields = (look.fields[name] for name in names if name in look.fields)
    return [field for field in fields if field.kind == "number" and field.name not in decoder.named]
