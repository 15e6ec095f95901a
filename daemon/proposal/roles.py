"""Which field is what: label, key, time, task. Guessed carefully, each with its reason; what is asked for wins."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Literal

from daemon.proposal.refusal import NoProposalError
from daemon.sample.clocks import is_named_like_a_time
from daemon.sample.judgement import is_identifier, label_type, plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from daemon.sample.field_profile import FieldProfile

Role = Literal["label", "key", "time", "task"]
ROLES: tuple[Role, ...] = ("label", "time", "key", "task")
"""In the order in which they are given: what is the label is no key."""

NOTHING = "none"
"""Asked for where a role is to stay empty."""

_LABELS = (
    re.compile(r"^(label|target|class|y|outcome|ground_?truth)$"),
    re.compile(r"(^|_)(label|target|class|outcome)($|_)"),
    re.compile(
        r"(^|_)(fault|failure|failed|fail|anomaly|defect|quality|churn|fraud|activity|species|state|status|result)($|_)"
    ),
)
"""Names of a label, the surest first."""
_KEY = re.compile(
    r"(^|_)(id|key|device|sensor|machine|unit|station|asset|serial|customer|account|user|host|node|meter|subject"
    r"|person|vehicle|pump|line|plant|symbol|ticker|instrument|shop|store)($|_)"
)
_TASK = re.compile(r"(^|_)(task|regime|season|mode|domain|batch|campaign|scenario|phase|recipe|product)($|_)")
_GUESSED = "the last field that can be one: a guess"
_MOST_TASKS = 32
_LEAST_EVENTS_OF_A_KEY = 5
_MOST_CLASSES = 1_000


@dataclass(frozen=True, slots=True)
class Guess:
    """A field for a role."""

    name: str
    why: str


@dataclass(slots=True)
class Roles:
    """The field of each role that has one."""

    of: dict[Role, Guess] = field(default_factory=dict)
    candidates: list[str] = field(default_factory=list)
    """Other fields that may be the label, the likeliest first."""

    def name(self, role: Role) -> str | None:
        """Return the field of a role, None where it has none."""
        return self.of[role].name if role in self.of else None

    @property
    def names(self) -> set[str]:
        """The fields that have a role."""
        return {guess.name for guess in self.of.values()}


def guess_roles(
    fields: Mapping[str, FieldProfile], asked: Mapping[Role, str | None], *, keyed: bool = False
) -> Roles:
    """Return who is what; ``asked`` names fields by role, ``keyed`` says that the records bring keys of their own.

    Raises ``NoProposalError`` where a field that is asked for is not there.
    """
    roles = Roles()
    for role in ROLES:
        name = asked.get(role)
        if name is not None and name != NOTHING:
            roles.of[role] = Guess(_existing(name, fields, role), "as asked")
    for role in ROLES:
        if asked.get(role) is None and not (role == "key" and keyed):
            guesses = list(_GUESSERS[role](_free(fields, roles)))
            if guesses:
                roles.of[role] = guesses[0]
                if role == "label" and guesses[0].why == _GUESSED:
                    roles.candidates = [guess.name for guess in guesses[1:6]]
    return roles


def _existing(name: str, fields: Mapping[str, FieldProfile], role: Role) -> str:
    if name in fields:
        return name
    near = get_close_matches(name, fields, n=1)
    hint = f"did you mean {near[0]!r}?" if near else "there are " + ", ".join(list(fields)[:20])
    raise NoProposalError(f"--{role}: there is no field {name!r}; {hint}")


def _free(fields: Mapping[str, FieldProfile], roles: Roles) -> dict[str, FieldProfile]:
    return {name: each for name, each in fields.items() if name not in roles.names}


def _labels(fields: Mapping[str, FieldProfile]) -> Iterator[Guess]:
    possible = [each for each in fields.values() if _may_be_label(each)]
    sure: set[str] = set()
    for pattern in _LABELS:
        for each in reversed(possible):
            if pattern.search(plain_name(each.name)) and each.name not in sure:
                sure.add(each.name)
                yield Guess(each.name, "by its name")
    for each in reversed(possible):
        if each.name not in sure:
            yield Guess(each.name, _GUESSED)


def _may_be_label(each: FieldProfile) -> bool:
    if each.kind not in ("number", "text", "boolean") or each.distinct < 2 or is_identifier(each):  # noqa: PLR2004
        return False
    if each.writing not in ("plain", "text"):
        return False
    return label_type(each) == "number" or each.distinct <= min(_MOST_CLASSES, each.present / 3)


def _times(fields: Mapping[str, FieldProfile]) -> Iterator[Guess]:
    times = [each for each in fields.values() if each.kind == "time" and each.clock != "other"]
    for each in sorted(times, key=lambda each: not is_named_like_a_time(each.name)):
        yield Guess(each.name, f"all its values are times ({each.clock})")


def _keys(fields: Mapping[str, FieldProfile]) -> Iterator[Guess]:
    for each in fields.values():
        repeated = 1 < each.distinct <= each.present / _LEAST_EVENTS_OF_A_KEY
        name_like = each.kind == "text" or (each.kind == "number" and each.whole)
        if _KEY.search(plain_name(each.name)) and repeated and name_like and not each.missing_share:
            yield Guess(each.name, f"by its name; {each.distinct:,} values that return")


def _tasks(fields: Mapping[str, FieldProfile]) -> Iterator[Guess]:
    for each in fields.values():
        few = 1 < each.distinct <= min(_MOST_TASKS, each.present / _LEAST_EVENTS_OF_A_KEY)
        name_like = each.kind in ("text", "boolean") or (each.kind == "number" and each.whole)
        if _TASK.search(plain_name(each.name)) and few and name_like and not each.missing_share:
            yield Guess(each.name, f"by its name; {each.distinct} values")


_GUESSERS = {"label": _labels, "time": _times, "key": _keys, "task": _tasks}
