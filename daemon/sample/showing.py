"""A look at a stream, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from daemon.config.errors import Problem
from daemon.process.tables import console_for_tables
from daemon.sample.judgement import why_not_a_feature
from daemon.sample.table import fields_table

if TYPE_CHECKING:
    from daemon.config.schema import Config
    from daemon.sample.look import Look
    from daemon.sample.remark import Remark

_ROLES = ("label", "task", "key", "time")


def show_look(look: Look) -> None:
    """Print what the fields are, and what each is to the daemon."""
    console = console_for_tables()
    console.print(f"Looked at {look.sample}.\n")
    if look.fields:
        console.print(fields_table(look.fields, roles(look)))
        console.print()


def roles(look: Look) -> dict[str, tuple[str, str]]:
    """Return for every field what it is to the daemon, and of those that are left out why."""
    decoder: Any = look.config.decoder
    named = {getattr(decoder, role, None): role for role in _ROLES}
    taken, declared = set(look.trial.fields), getattr(look.config.features, "categories", {})
    found = {}
    for name, each in look.fields.items():
        if name in named:
            found[name] = named[name], ""
        elif name in declared:
            found[name] = "category", ""
        elif name in taken:
            found[name] = "feature", ""
        else:
            found[name] = "left out", why_not_a_feature(each, readable=each.writing == "plain")
    return found


def placed(remark: Remark, config: Config) -> str:
    """Return a remark with its place in the configuration file."""
    text = f"{remark.found}; {remark.remedy}" if remark.fatal else f"advice: {remark.found}; {remark.remedy}"
    if config.document is None:
        return str(Problem("(configuration)", None, remark.path, text))
    return str(config.document.problem(config.place(remark.path), text))
