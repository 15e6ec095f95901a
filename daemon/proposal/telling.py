"""What ``retaind init --from`` says of what it has found."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from connectors.printable import printable
from daemon.process.tables import console_for_tables
from daemon.proposal.choice import LEFT_OUT
from daemon.sample.field_checks import remedy_for_category
from daemon.sample.judgement import is_category
from daemon.sample.table import fields_table

if TYPE_CHECKING:
    from pathlib import Path

    from daemon.proposal.propose import Proposal


def tell(proposal: Proposal, file: Path) -> None:
    """Print the table of fields, what is doubtful, and what to do next."""
    console, found = console_for_tables(), proposal.findings
    console.print(f"Looked at {found.sample}.\n")
    console.print(fields_table(found.fields, {name: (of.role, of.why) for name, of in found.verdicts.items()}))
    console.print()
    if found.asked.get("label") is None and found.roles.candidates:
        others = ", ".join(found.roles.candidates[:5])
        chosen = found.roles.of["label"]
        console.print(
            printable(
                f"{chosen.name} is taken for the label ({chosen.why}). It could also be {others}: --label FIELD"
            )
        )
    for name, verdict in found.verdicts.items():
        if verdict.role == LEFT_OUT and is_category(found.fields[name]):
            remedy = remedy_for_category(found.fields[name])
            console.print(printable(f"note: {name} is left out, because it is text\n  → {remedy}", keep="\n"))
    for remark in proposal.remarks:
        console.print(printable(f"{'PROBLEM' if remark.fatal else 'note'}: {remark.found}"))
        console.print(printable(f"  → {remark.remedy}"))
    name = shlex.quote(str(file))
    console.print(f"{file}: written. Read it, then:\n  retaind run -c {name}")
