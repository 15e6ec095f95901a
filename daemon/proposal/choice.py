"""What becomes of each field: a role, a feature, or nothing, and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from daemon.sample.judgement import why_not_a_feature

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from daemon.proposal.roles import Roles
    from daemon.sample.field_profile import FieldProfile

LEFT_OUT = "left out"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a field is to the daemon."""

    role: str
    """label, key, time, task, feature, category, or ``LEFT_OUT``."""
    why: str = ""


def choose(
    fields: Mapping[str, FieldProfile],
    roles: Roles,
    *,
    readable: Collection[str],
    categories: Collection[str],
    same_as_label: Collection[str],
) -> dict[str, Verdict]:
    """Return the verdict on each field.

    ``readable`` are the fields whose numbers can be read, ``categories`` those whose text can be a feature.
    """
    given = {guess.name: Verdict(role, guess.why) for role, guess in roles.of.items()}
    return {
        name: given.get(name) or _verdict(each, readable, categories=categories, same_as_label=same_as_label)
        for name, each in fields.items()
    }


def _verdict(
    each: FieldProfile, readable: Collection[str], *, categories: Collection[str], same_as_label: Collection[str]
) -> Verdict:
    if each.name in same_as_label:
        return Verdict(LEFT_OUT, "says the same as the label, and would give the answer away")
    if each.name in categories:
        return Verdict("category", f"{each.distinct:,} values")
    why = why_not_a_feature(each, readable=each.name in readable)
    if why:
        return Verdict(LEFT_OUT, why)
    return Verdict("feature", "always the same here" if each.distinct == 1 else "")
