"""What is in some data, and what becomes of each field."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from connectors import DECODERS
from daemon.proposal import refinements
from daemon.proposal.choice import LEFT_OUT, Verdict, choose
from daemon.proposal.formats import decoder_for
from daemon.proposal.refusal import NoProposalError
from daemon.proposal.roles import guess_roles
from daemon.sample.judgement import is_category, label_type, null_values, says_the_same
from daemon.sample.look import profiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from daemon.proposal.roles import Role, Roles
    from daemon.sample.field_profile import FieldProfile
    from daemon.sample.sampling import Sample

_LINES_FOR_THE_FORMAT = 500


@dataclass(frozen=True, slots=True)
class Findings:
    """What was seen and decided."""

    sample: Sample
    fields: Mapping[str, FieldProfile]
    roles: Roles
    verdicts: Mapping[str, Verdict]
    decoder: Mapping[str, Any]
    """The section, but for the fields that it names."""
    features: Mapping[str, Any]
    """The section of this name: categories, and the past where no field is a feature."""
    asked: Mapping[Role, str | None]


def look_into(sample: Sample, *, asked: Mapping[Role, str | None]) -> Findings:
    """Return what is in a sample, and what becomes of each field."""
    values = [record.value for record in sample.records if record.value is not None]
    decoder = decoder_for(values[:_LINES_FOR_THE_FORMAT])
    fields = _profiles(sample, decoder)
    roles = guess_roles(fields, asked, keyed=any(record.key for record in sample.records))
    decoder |= _unit(decoder, roles, fields)
    free = [each for name, each in fields.items() if name not in roles.names]
    readable = _readable(decoder, free)
    label = fields.get(roles.name("label") or "")
    same = {each.name for each in free if label is not None and says_the_same(each, label)}
    texts = [each for each in free if is_category(each) and each.name not in same]
    declared = refinements.categories(texts)
    verdicts = choose(
        fields, roles, readable=readable, categories=declared.get("categories", ()), same_as_label=same
    )
    taken = [fields[name] for name, verdict in verdicts.items() if verdict.role == "feature"]
    for each in taken:
        decoder |= refinements.accepted(decoder, refinements.WRITINGS.get(each.writing, ())) or {}
    decoder |= _gaps(decoder, taken, label)
    features = declared | _past(verdicts, roles, fields)
    sample = sample.with_headers(first_lines=decoder.get("header", False))
    return Findings(sample, fields, roles=roles, verdicts=verdicts, decoder=decoder, features=features, asked=asked)


def _profiles(sample: Sample, decoder: Mapping[str, Any]) -> dict[str, FieldProfile]:
    options = DECODERS[decoder["type"]].Options.model_validate(decoder)
    # A header that has one name twice, so that the columns have others, is taken for an event.
    renamed = "columns" in decoder and decoder["columns"][0] != "c1"
    return profiles(sample.records[1 if renamed else 0 :], options)


def _unit(decoder: Mapping[str, Any], roles: Roles, fields: Mapping[str, FieldProfile]) -> dict[str, Any]:
    """Return the options for the time; where it cannot be read, the role is taken back."""
    name = roles.name("time")
    if name is None:
        return {}
    read = refinements.time_unit(decoder, name, fields[name].clock)
    if read is None:
        del roles.of["time"]
    return read or {}


def _readable(decoder: Mapping[str, Any], fields: Sequence[FieldProfile]) -> set[str]:
    """Return the fields whose numbers can be read together: of those with a comma or a point, the more."""
    numbers = [each for each in fields if each.kind == "number"]
    known = [
        each
        for each in numbers
        if each.writing == "plain" or refinements.accepted(decoder, refinements.WRITINGS.get(each.writing, ()))
    ]
    if decoder["type"] != "csv":
        return {each.name for each in (*known, *(each for each in fields if each.kind == "boolean"))}
    ways: dict[str, list[str]] = {"point": [], "comma": [], "either": []}
    for each in known:
        plain = "either" if each.whole and not any("." in str(value) for value in each.counts) else "point"
        ways[{"plain": plain, "thousands comma": "point"}.get(each.writing, "comma")].append(each.name)
    chosen = "comma" if len(ways["comma"]) > len(ways["point"]) else "point"
    return {*ways[chosen], *ways["either"]}


def _gaps(decoder: Mapping[str, Any], taken: Sequence[FieldProfile], label: FieldProfile | None) -> dict[str, Any]:
    """Return the options that say what stands for a missing value, and what is done about it."""
    nulls = {each.name: texts for each in taken if (texts := null_values(each))}
    found = refinements.gaps(decoder, nulls)
    if "null_values" in found and label is not None and label.kind == "text":
        # In every column they would be gaps of the label too, and a fault may be called "none".
        found["null_values"] = [text for text in found["null_values"] if text not in label.counts]
    if any(each.missing_share > 0 or each.sentinel is not None for each in taken):
        found["missing"] = "mean"
    return found


def _past(verdicts: Mapping[str, Verdict], roles: Roles, fields: Mapping[str, FieldProfile]) -> dict[str, Any]:
    """Return what a series is predicted from where it is all there is: its own past, and the time of day.

    Empty where there are other features. Raises ``NoProposalError`` where there is nothing to learn, or from.
    """
    label = roles.name("label")
    if label is None:
        raise NoProposalError("no field looks like a label; name what is to be predicted: --label FIELD")
    if any(verdict.role in ("feature", "category") for verdict in verdicts.values()):
        return {}
    if label_type(fields[label]) == "number":
        clock = {"hour": True, "weekday": True} if "time" in roles.of else {}
        return {"label_lags": 8, **({"per_key": True} if "key" in roles.of else {}), **clock}
    left = "; ".join(f"{name}: {verdict.why}" for name, verdict in verdicts.items() if verdict.role == LEFT_OUT)
    said = ", ".join(f"{guess.name} is the {role}" for role, guess in roles.of.items())
    raise NoProposalError(
        f"there is nothing to learn from: no field of numbers is left ({'; '.join(filter(None, (said, left)))})."
        " If one of them is a feature all the same, give its role to another field or to none: --key none"
    )
