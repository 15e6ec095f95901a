"""What in the fields that have a role does not go with the configuration: label, task, key, time."""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from daemon.config.errors import dotted
from daemon.sample.judgement import class_names, label_type, room_for
from daemon.sample.remark import Remark, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from daemon.config.errors import KeyPath
    from daemon.sample.field_profile import FieldProfile
    from daemon.sample.look import Look


def absent(look: Look) -> Iterator[Remark]:
    """Yield the fields that are named, and that no event has."""
    for path, name in _named(look):
        if look.fields and name not in look.fields:
            near = get_close_matches(name, look.fields, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {listed(list(look.fields))}"
            yield Remark(path, f"no event has a field {name!r}", hint, fatal=True)
    unknown = look.trial.unknown_field
    if unknown is not None:
        yield Remark(unknown.path, str(unknown), "correct the name", fatal=True)


def _named(look: Look) -> Iterator[tuple[KeyPath, str]]:
    decoder: Any = look.config.decoder
    for role in ("label", "task", "key", "time"):
        if (name := getattr(decoder, role, None)) is not None:
            yield ("decoder", role), name
    for place, name in enumerate(getattr(decoder, "features", None) or ()):
        yield ("decoder", "features", place), name
    for view in look.config.views.values():
        if view.label.origin == "stream" and view.label.field is not None:
            yield view.place(("label", "field")), view.label.field


def classes(look: Look) -> Iterator[Remark]:
    """Yield classes without room, or that are not declared; and amounts that are taken for classes."""
    field, label = _role(look, "label"), look.config.label
    if field is None or label.type != "class":
        return
    names = class_names(field)
    if label.classes is None and len(names) > label.max_classes:
        yield Remark(
            ("label", "max_classes"),
            f"{field.name!r} has {len(names):,} classes here, and {label.max_classes} fit",
            f"set label.max_classes to {room_for(len(names))}",
            fatal=True,
        )
    elif label.classes is not None and (others := [name for name in names if name not in label.classes]):
        yield Remark(
            ("label", "classes"),
            f"{field.name!r} has classes that are not listed: {listed(others)}",
            "list them too, or leave classes out and set max_classes",
            fatal=True,
        )
    if label_type(field) == "number" and field.distinct > label.max_classes:
        yield Remark(
            ("label",), f"{field.name!r} looks like an amount: {field.distinct:,} different numbers",
            "set label.type to number", fatal=True,
        )  # fmt: skip


def spelling(look: Look) -> Iterator[Remark]:
    """Yield classes that differ in case or spaces alone."""
    field = _role(look, "label")
    if field is None or field.kind != "text":
        return
    alike = Counter(name.strip().casefold() for name in class_names(field))
    twice = [name for name in class_names(field) if alike[name.strip().casefold()] > 1]
    if twice:
        yield Remark(
            ("decoder", "label"),
            f"some classes of {field.name!r} differ in case or spaces alone: {listed(list(map(repr, twice)))}",
            "make them one where they mean one",
        )


def amount(look: Look) -> Iterator[Remark]:
    """Yield numbers to predict that are none."""
    for view in look.config.views.values():
        in_future = view.label.origin == "stream"
        field = look.fields.get(view.label.field or "") if in_future else _role(look, "label")
        if field is not None and view.label.type == "number" and field.kind not in ("number", "time"):
            path = view.place(("label",))
            yield Remark(
                path, f"{field.name!r} is no number, but {_a(field.kind)}: {listed(field.examples)}",
                f"set {dotted((*path, 'type'))} to class", fatal=True,
            )  # fmt: skip


def clock(look: Look) -> Iterator[Remark]:
    """Yield times in another unit than is declared."""
    decoder: Any = look.config.decoder
    field = _role(look, "time")
    if field is None or field.clock in (None, decoder.time_unit):
        return
    remedy = (
        f"set decoder.time_unit to {field.clock}" if field.clock != "other" else "send ISO 8601, or leave it out"
    )
    yield Remark(
        ("decoder", "time_unit"),
        f"{field.name!r} does not look like {decoder.time_unit}: {listed(field.examples)}",
        remedy,
        fatal=True,
    )


def tasks(look: Look) -> Iterator[Remark]:
    """Yield more tasks than are told apart."""
    field, most = _role(look, "task"), look.config.retention.max_tasks
    if field is not None and field.distinct > most:
        yield Remark(
            ("retention", "max_tasks"),
            f"{field.name!r} names {field.distinct:,} tasks here, and {most} are told apart",
            "raise it, or name another field in decoder.task",
        )


def keys(look: Look) -> Iterator[Remark]:
    """Yield more keys than the past is remembered of."""
    field, features = _role(look, "key"), look.config.features
    if field is not None and features.per_key and field.distinct > features.max_keys:
        yield Remark(
            ("features", "max_keys"),
            f"{field.name!r} has {field.distinct:,} keys here, and the past of {features.max_keys:,} is remembered",
            "raise it",
        )


def _role(look: Look, role: str) -> FieldProfile | None:
    name = getattr(look.config.decoder, role, None)
    return None if name is None else look.fields.get(name)


def _a(kind: str) -> str:
    return kind if kind == "text" else f"a {kind}"
