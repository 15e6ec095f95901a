"""The configuration that goes with what was found, as commented YAML."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from daemon.proposal.choice import LEFT_OUT
from daemon.proposal.draft import Draft, free_port, own_paths
from daemon.sample.judgement import DEFAULT_MAX_CLASSES, class_names, label_type, room_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from daemon.proposal.findings import Findings
    from daemon.proposal.stream import Stream

_SHOWN = 5
_MANY_GAPS = 0.25
_PROBES = 0.02


def write(findings: Findings, stream: Stream, *, output: Path, kind: str | None) -> str:
    """Return the YAML."""
    draft, paths = Draft(), own_paths(output, stream.name)
    draft.sections |= {"version": 1, "name": stream.name, "source": dict(stream.section)}
    if stream.is_topic:
        draft.sections["source"]["group"] = f"retaind-{stream.name}"
        draft.say("source", "group", text="where lag tools find how far it is; the checkpoint is the truth")
    _decoder(draft, findings)
    if findings.features:
        draft.sections["features"] = dict(findings.features)
        draft.say("features", "label_lags", text="the last values, which the next is predicted from")
        for name in findings.features.get("categories", ()):
            draft.say("features", "categories", name, "max", text=f"{findings.fields[name].distinct} values so far")
    _label(draft, findings, kind)
    _tasks(draft, findings)
    _learning(draft, findings)
    _paths(draft, paths, is_topic=stream.is_topic)
    return draft.text(*_heading(findings, output, paths["state"], port=draft.sections["http"]["port"]))


def _heading(findings: Findings, output: Path, state: str, *, port: int) -> Iterator[str]:
    file = shlex.quote(str(output))
    page = f"http://127.0.0.1:{port}/ shows how it goes" if port else "its log says where its page is"
    yield f"Written by retaind init after a look at {findings.sample}. What is guessed says so: read it once."
    yield ""
    yield f"retaind validate --sample {file}   looks at the data again, with this file"
    yield f"retaind run -c {file}   learns it; {page}"
    yield f"rm -r {shlex.quote(state)}   forgets all that is learned, to begin anew"
    yield ""
    yield "All options: docs/configuration.md. ${VAR} is taken from the environment, $$ is a dollar sign."


def _decoder(draft: Draft, findings: Findings) -> None:
    roles = findings.roles
    section = dict(findings.decoder)
    missing = section.pop("missing", None)
    for role in ("label", "task", "key", "time"):
        if role in roles.of:
            section.pop(role, None)
            section[role] = roles.of[role].name
            draft.say("decoder", role, text=_meaning(findings, role))
    if (unit := section.pop("time_unit", None)) is not None:
        section["time_unit"] = unit
    features = [name for name, verdict in findings.verdicts.items() if verdict.role == "feature"]
    section["features"] = features
    if not features:
        draft.say("decoder", "features", text="no field of an event: what the section features makes")
    if missing:
        section["missing"] = missing
        draft.say("decoder", "missing", text=f"what stands in for a gap; {_gaps(findings)}")
    if "null_values" in section:
        draft.say("decoder", "null_values", text="texts that are read as a gap, in every column")
    draft.sections["decoder"] = section
    for name, verdict in findings.verdicts.items():
        if verdict.role == LEFT_OUT:
            draft.add_below("decoder", f"left out: {name} ({verdict.why})")


def _meaning(findings: Findings, role: Any) -> str:
    guess = findings.roles.of[role]
    meaning = {
        "label": "what is to be predicted",
        "task": "which task an event belongs to",
        "key": "what an event is about",
        "time": "when it was",
    }[role]
    others = findings.roles.candidates[:_SHOWN] if role == "label" else ()
    return f"{meaning}: {guess.why}" + (f"; or {', '.join(others)}?" if others else "")


def _gaps(findings: Findings) -> str:
    shares = {
        name: findings.fields[name].missing_share
        for name, verdict in findings.verdicts.items()
        if verdict.role == "feature" and findings.fields[name].missing_share
    }
    if not shares:
        return "nothing is missing here but what null_values says"
    return "missing: " + ", ".join(f"{name} {share:.1%}" for name, share in list(shares.items())[:_SHOWN])


def _label(draft: Draft, findings: Findings, kind: str | None) -> None:
    field = findings.fields[findings.roles.of["label"].name]
    chosen = kind or label_type(field)
    section: dict[str, Any] = {"type": chosen}
    if chosen == "class":
        names = class_names(field)
        shown = ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")
        draft.say("label", "type", text=f"{len(names):,} classes: {shown}; or number")
        if (room := room_for(len(names))) > DEFAULT_MAX_CLASSES:
            section["max_classes"] = room
            draft.say("label", "max_classes", text="room for classes that are still to come")
    else:
        low, high = field.range or (0.0, 0.0)
        draft.say("label", "type", text=f"from {low:g} to {high:g}, {field.distinct:,} different values; or class")
    draft.sections["label"] = section
    if field.missing_share > _MANY_GAPS:
        draft.sections["rejections"] = {"max_share": 1.0}
        text = f"{field.missing_share:.0%} have no label: they are counted as rejected, and none of them is learned"
        draft.say("rejections", "max_share", text=text)


def _tasks(draft: Draft, findings: Findings) -> None:
    role = findings.roles.of.get("task")
    draft.sections["tasks"] = {"type": "none" if role is None else "field"}
    if role is None:
        text = "nothing says what might be forgotten; decoder.task names a field that does, drift looks for changes"
        draft.say("tasks", "type", text=text)
        return
    count = findings.fields[role.name].distinct
    draft.say(
        "tasks", "type", text=f"what {role.name} says, {count} values: how well each is still done is measured"
    )
    if room_for(count) > 2 * DEFAULT_MAX_CLASSES:
        draft.sections["retention"] = {"max_tasks": room_for(count)}


def _learning(draft: Draft, findings: Findings) -> None:
    draft.sections["strategies"] = "default"
    draft.say("strategies", text="against forgetting, chosen by the kind of stream; and a committee that answers")
    draft.sections["companions"] = {"naive": {"every_blocks": 1}}
    draft.say("companions", "naive", "every_blocks", text="the same model without strategies, to compare with")
    keyed = "key" in findings.roles.of or any(record.key for record in findings.sample.records[:1])
    if not findings.features:
        draft.add_below("strategies", "features that look back, if the past matters (a section of its own):")
        draft.add_below("strategies", f"  features: {{label_lags: 4{', per_key: true' if keyed else ''}}}")


def _paths(draft: Draft, paths: dict[str, str], *, is_topic: bool) -> None:
    draft.sections["checkpoint"] = {"directory": paths["state"]}
    draft.say("checkpoint", "directory", text="what is learned, kept through crashes and restarts")
    draft.sections["predictions"] = {"type": "file", "path": paths["predictions"]}
    draft.say(
        "predictions", "path", text="a line for each event, with what was predicted before its label was used"
    )
    draft.sections["dead_letters"] = {"type": "file", "path": paths["dead_letters"]}
    draft.say("dead_letters", "path", text="what could not be learned from, and why")
    if is_topic:
        draft.add_below("predictions", "or a topic: {type: kafka, bootstrap_servers: …, topic: …}")
    port = free_port()
    draft.sections["http"] = {"port": port}
    draft.say("http", "port", text="this machine alone can reach it" if port else "a free one: 9464 is taken")
